import { feedSilence } from '../../../storage/operationFacts.js';
import { type AlertWatch, seenOf } from './watch.js';

/** Streams whose feed gave no sign of life for so long, whether the feed is down or its collector. */
export function feedStale(streams: readonly string[], afterSeconds: number): AlertWatch {
  return {
    kind: 'feed stale',
    async look({ pool, steadySeconds }) {
      if (steadySeconds < afterSeconds) return null;
      const silent = await feedSilence(pool);
      const stale = silent.filter(({ stream, seconds }) => streams.includes(stream) && seconds > afterSeconds);
      return seenOf(stale, ({ stream, heard }) => ({
        request: {
          fingerprint: `feed stale/${stream}`,
          kind: 'feed stale',
          severity: 'major',
          title: `${stream}: the feed is silent`,
          lines: [
            heard === null
              ? 'nothing was ever received'
              : `nothing received since ${heard.toISOString().slice(0, 19).replace('T', ' ')} UTC`,
            'what to do: see whether the collector runs (routewarden status) and this machine can reach feed.url (routewarden doctor)',
          ],
          stream,
          facts: { lastReceived: heard?.toISOString() ?? null },
        },
      }));
    },
  };
}
