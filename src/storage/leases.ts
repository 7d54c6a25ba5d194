import type { PoolClient } from 'pg';
import type { ModelKey } from '../models/model.js';
import type { Db } from './pool.js';

/** What a trainer holds while it works on one model. Tokens of one model only rise. */
export interface Lease {
  modelKey: ModelKey;
  holder: string;
  token: number;
}

/**
 * Takes the lease of a model when nobody holds it or its holder let it run out. Expiry is judged by the database's
 * clock alone, so two hosts whose clocks differ agree.
 *
 * @returns null while somebody else holds it
 */
export async function acquireLease(db: Db, key: ModelKey, holder: string, milliseconds: number): Promise<Lease | null> {
  const { rows } = await db.query<{ token: string }>(
    `INSERT INTO leases (model_key, holder, token, expires_at)
     VALUES ($1, $2, 1, clock_timestamp() + make_interval(secs => $3::double precision / 1000))
     ON CONFLICT (model_key) DO UPDATE
       SET holder = excluded.holder, token = leases.token + 1, expires_at = excluded.expires_at
       WHERE leases.expires_at <= clock_timestamp()
     RETURNING token`,
    [key, holder, milliseconds],
  );
  return rows[0] ? { modelKey: key, holder, token: Number(rows[0].token) } : null;
}

/** @returns false when the lease passed to another trainer, or ran out */
export async function renewLease(db: Db, lease: Lease, milliseconds: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE leases SET expires_at = clock_timestamp() + make_interval(secs => $4::double precision / 1000)
     WHERE model_key = $1 AND holder = $2 AND token = $3 AND expires_at > clock_timestamp()`,
    [lease.modelKey, lease.holder, lease.token, milliseconds],
  );
  return rowCount === 1;
}

/** Lets another trainer in at once. The row stays, because the token must go on rising. */
export async function releaseLease(db: Db, lease: Lease): Promise<void> {
  await db.query(`UPDATE leases SET expires_at = '-infinity' WHERE model_key = $1 AND holder = $2 AND token = $3`, [
    lease.modelKey,
    lease.holder,
    lease.token,
  ]);
}

/**
 * Locks the lease's row until the transaction ends and says whether the lease still holds. A trainer whose lease ran
 * out is refused even when nobody took it since: whether somebody is about to is not knowable.
 */
export async function lockLease(client: PoolClient, lease: Lease): Promise<boolean> {
  const { rows } = await client.query(
    `SELECT 1 FROM leases
     WHERE model_key = $1 AND holder = $2 AND token = $3 AND expires_at > clock_timestamp() FOR UPDATE`,
    [lease.modelKey, lease.holder, lease.token],
  );
  return rows.length === 1;
}
