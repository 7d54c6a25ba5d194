import { silentServices } from '../../../storage/operationFacts.js';
import { type AlertWatch, seenOf } from './watch.js';

/** Services whose heartbeat stopped without an orderly end, and that nothing has replaced on their host. */
export function serviceDown(afterSeconds: number): AlertWatch {
  return {
    kind: 'service down',
    async look({ pool, steadySeconds }) {
      if (steadySeconds < afterSeconds) return null;
      const silent = await silentServices(pool, afterSeconds);
      return seenOf(silent, ({ instance, name, host, state, restarts, seconds }) => ({
        request: {
          fingerprint: `service down/${instance}`,
          kind: 'service down',
          severity: 'major',
          title: `${name} on ${host} is down`,
          lines: [
            `${state === 'failed' ? 'it failed' : 'no heartbeat'} for ${Math.round(seconds)} s, started again ${restarts} times before`,
            'what to do: read in its log why it ended; "routewarden start" starts all services, "routewarden run" one',
          ],
          facts: { instance, service: name, host, restarts },
        },
      }));
    },
  };
}
