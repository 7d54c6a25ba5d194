import { stagesBehind } from '../../../storage/stageLag.js';
import { type AlertWatch, seenOf } from './watch.js';

/** Stages that do not keep up with what they read, whether they are slow, stuck or failing. */
export function stageBehind(streams: readonly string[], afterSeconds: number): AlertWatch {
  return {
    kind: 'stage behind',
    async look({ pool, steadySeconds }) {
      if (steadySeconds < afterSeconds) return null;
      const behind = await stagesBehind(pool, streams, afterSeconds);
      return seenOf(behind, ({ stage, stream, seconds, waiting }) => ({
        request: {
          fingerprint: `stage behind/${stage}/${stream}`,
          kind: 'stage behind',
          severity: 'major',
          title: `${stream}: ${stage} has fallen behind`,
          lines: [
            `${waiting} ${stage === 'aggregator' ? 'entries of the log' : 'minutes'} wait, the oldest for ${Math.round(seconds)} s; it goes through them in order and loses none`,
            'what to do: see in its log whether its steps fail; when the machine is too slow, give streams to another one (docs/scaling.md)',
          ],
          stream,
          facts: { stage, waiting, seconds: Math.round(seconds) },
        },
      }));
    },
  };
}
