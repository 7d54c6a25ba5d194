import type { Pool } from 'pg';
import { z } from 'zod';
import { appendAudit, newestAudit } from '../storage/audit.js';

const ACTION = 'reload';
const FAILED = 'reload failed';
/** Acts beside it, in the time that services need to start afresh. */
const LOOKED_THROUGH = 100;
const POLL_MILLISECONDS = 250;

const detail = z.object({ words: z.string() });

/** What came of reading the settings again. */
export interface ReloadOutcome {
  isDone: boolean;
  words: string;
}

/** Keeps it for whoever asked, and for the audit log. */
export function noteReload(pool: Pool, { isDone, words }: ReloadOutcome): Promise<void> {
  return appendAudit(pool, {
    actor: 'system',
    action: isDone ? ACTION : FAILED,
    target: 'settings',
    detail: { words },
  });
}

/** The newest act that is kept now; what is asked for next comes after it. */
export async function lastAct(pool: Pool): Promise<number> {
  return (await newestAudit(pool, 1))[0]?.id ?? 0;
}

/** Waits for what comes of a reload that was asked for after an act; null when it is not over by then. */
export async function reloadAfter(pool: Pool, act: number, milliseconds: number): Promise<ReloadOutcome | null> {
  const deadline = performance.now() + milliseconds;
  for (;;) {
    const rows = await newestAudit(pool, LOOKED_THROUGH);
    const row = rows.filter(({ id, action }) => id > act && (action === ACTION || action === FAILED)).at(-1);
    if (row !== undefined) return { isDone: row.action === ACTION, words: detail.parse(row.detail).words };
    if (performance.now() > deadline) return null;
    await new Promise((done) => setTimeout(done, POLL_MILLISECONDS));
  }
}
