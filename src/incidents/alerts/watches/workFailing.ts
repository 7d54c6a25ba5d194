import { failingWork } from '../../../storage/services.js';
import { type AlertWatch, seenOf } from './watch.js';

/** A database that was away makes every round fail; after this long without a break it no longer counts as the reason. */
const STEADY_SECONDS = 20;

/** Services that live but fail their rounds again and again, the alerter's own watches among them. */
export const workFailing: AlertWatch = {
  kind: 'work failing',
  async look({ pool, steadySeconds }) {
    if (steadySeconds < STEADY_SECONDS) return null;
    const failing = await failingWork(pool);
    return seenOf(failing, ({ instance, name, host, what, failures, since, error }) => ({
      request: {
        fingerprint: `work failing/${name}/${what}`,
        kind: 'work failing',
        severity: 'major',
        title: `${name} on ${host} fails: ${what}`,
        lines: [
          `${failures} failures in a row since ${since.slice(0, 19).replace('T', ' ')} UTC: ${error}`,
          'what to do: read "routewarden doctor" and its log; it lives and tries again',
        ],
        facts: { instance, service: name, host, what, failures },
      },
    }));
  },
};
