import type { Pool } from 'pg';
import { appendAudit } from '../storage/audit.js';
import { asRefusal } from './refusal.js';

/** Who acts, and why: the name that the audit log keeps, and words. */
export interface By {
  actor: string;
  reason: string;
}

/**
 * Runs what a person asked for. The work writes its own audit row in the transaction that changes something; an act
 * that fails or is refused leaves the row "<name> failed" with the error.
 *
 * @throws ActRefused, or what the work throws
 */
export async function act<T>(
  pool: Pool,
  { actor }: By,
  { name, target, detail = {} }: { name: string; target: string; detail?: Record<string, unknown> },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const failure = asRefusal(error);
    const words = failure instanceof Error ? failure.message : String(failure);
    try {
      await appendAudit(pool, { actor, action: `${name} failed`, target, detail: { ...detail, error: words } });
    } catch (unwritten) {
      throw new AggregateError([failure, unwritten], words);
    }
    throw failure;
  }
}
