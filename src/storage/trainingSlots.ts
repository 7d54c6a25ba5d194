import type { ModelKey } from '../models/model.js';
import { parseModelKey } from '../models/modelKey.js';
import { acquireLease, type Lease } from './leases.js';
import { inTransaction, type Pool } from './pool.js';

/** Trainings that hold a lease, and those that people wait for, by kind: what a new one must find room beside. */
export type OccupiedSlots = readonly { kind: string; modelKey: string }[];

/** Why one more training does not fit, and whether none of any kind would. */
export interface NoRoom {
  why: string;
  forAll: boolean;
}

export interface SlotRequest {
  key: ModelKey;
  holder: string;
  milliseconds: number;
  /** A person asked: the next free slot is kept for it for a few seconds, and not for a later storm. */
  byPerson: boolean;
  /** Null when there is room. */
  refuse: (kind: string, occupied: OccupiedSlots) => NoRoom | null;
}

const RESERVED_SECONDS = 10;

/**
 * Takes a model's lease if there is room for one more training. Trainers count and take one after another, under one
 * lock, so that two at once do not both take the last slot.
 *
 * @returns the lease; `taken` while another trainer holds it; `full` with the reason when no slot is free, `forAll` when none is
 *   for any other either
 */
export async function acquireSlot(
  pool: Pool,
  request: SlotRequest,
): Promise<{ lease: Lease } | { lease: null; full: string | null; forAll: boolean }> {
  const { key } = request;
  const { kind } = parseModelKey(key);
  return inTransaction(pool, async (client) => {
    await client.query(`SELECT pg_advisory_xact_lock(hashtextextended('training slots', 0))`);
    const { rows } = await client.query<{ kind: string; modelKey: string }>(
      `SELECT split_part(model_key, '@', 1) AS kind, model_key AS "modelKey" FROM leases
       WHERE model_key <> $1
         AND (expires_at > clock_timestamp() OR (NOT $2 AND reserved_until > clock_timestamp()))`,
      [key, request.byPerson],
    );
    const full = request.refuse(kind, rows);
    if (full !== null) {
      if (request.byPerson) {
        await client.query(
          `INSERT INTO leases (model_key, holder, token, expires_at, reserved_until)
           VALUES ($1, $2, 0, '-infinity', clock_timestamp() + make_interval(secs => $3))
           ON CONFLICT (model_key) DO UPDATE SET reserved_until = excluded.reserved_until`,
          [key, request.holder, RESERVED_SECONDS],
        );
      }
      return { lease: null, full: full.why, forAll: full.forAll };
    }
    const lease = await acquireLease(client, key, request.holder, request.milliseconds);
    if (lease) await client.query('UPDATE leases SET reserved_until = NULL WHERE model_key = $1', [key]);
    return lease ? { lease } : { lease: null, full: null, forAll: false };
  });
}
