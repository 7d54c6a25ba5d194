import type { Pool } from 'pg';
import type { Silence, SilenceRequest } from '../incidents/alerts/silence.js';
import { appendAudit } from '../storage/audit.js';
import { inTransaction } from '../storage/pool.js';
import { addSilence, endSilence } from '../storage/silences.js';
import { act } from './act.js';
import { ActRefused } from './refusal.js';

/** What a person can silence, and end again. The reason of a silence is in its request. */
export function silenceActs(pool: Pool, clock: { now(): number }) {
  const now = () => new Date(clock.now());
  return {
    /** @throws ActRefused when it would end before now */
    add(request: SilenceRequest, actor: string): Promise<Silence> {
      const what = { name: 'silence', target: request.stream ?? 'all streams', detail: request };
      return act(pool, { actor, reason: request.reason }, what, () =>
        inTransaction(pool, async (client) => {
          if (Date.parse(request.endsAt) <= clock.now())
            throw new ActRefused(`The silence would end at ${request.endsAt}, which has passed.`);
          await appendAudit(client, { actor, action: what.name, target: what.target, detail: request });
          return addSilence(client, request, actor, now());
        }),
      );
    },
    /** @throws ActRefused for an unknown silence, or one that has ended */
    end(id: number, actor: string): Promise<void> {
      const what = { name: 'end silence', target: `silence ${id}` };
      return act(pool, { actor, reason: '' }, what, () =>
        inTransaction(pool, async (client) => {
          if (!(await endSilence(client, id, now())))
            throw new ActRefused(
              `There is no silence ${id}, or it has ended: see "routewarden silences list".`,
              'missing',
            );
          await appendAudit(client, { actor, action: what.name, target: what.target });
        }),
      );
    },
  };
}
