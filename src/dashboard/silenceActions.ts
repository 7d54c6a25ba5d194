import type { Pool } from 'pg';
import type { Silence, SilenceRequest } from '../incidents/alerts/silence.js';
import { addSilence, endSilence } from '../storage/silences.js';
import { ActionRefused } from './actions.js';
import type { SilenceRow } from './api/schema.js';
import type { Clock } from './context.js';

export function silenceRow({ startsAt, endsAt, ...silence }: Silence): SilenceRow {
  return { ...silence, startsAt: startsAt.getTime(), endsAt: endsAt.getTime() };
}

/** What an operator can silence, and end again. */
export function silenceActions(pool: Pool, clock: Clock) {
  const now = () => new Date(clock.now());
  return {
    add: async (request: SilenceRequest, actor: string): Promise<SilenceRow> =>
      silenceRow(await addSilence(pool, request, actor, now())),
    /** @throws ActionRefused when there is none, or it has ended */
    async end(id: number): Promise<void> {
      if (!(await endSilence(pool, id, now())))
        throw new ActionRefused(`There is no silence ${id} that still holds.`, 404);
    },
  };
}
