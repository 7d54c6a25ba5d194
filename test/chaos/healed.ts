import type { Pool } from 'pg';
import type { Minute } from '../../src/features/row.js';
import { type Comparison, compareRows, type Rows, readRows, type Tables } from './rows.js';
import { STREAM } from './subject.js';

/**
 * What a run with gaps promises. Each minute has one feature row, one score of each model and one verdict, as if nothing
 * had been away; feature rows are those of the undisturbed run up to the first gap and in it. What may differ, and why:
 *
 * - `kind` of a minute that was lost: healed, not observed;
 * - features after a gap: routes that changed in it were not seen, so that the live aggregator calls an announcement new
 *   or a duplicate by what it knew before, until the route is announced again. Gaps after the first begin with such routes;
 * - scores and verdicts: a detector looks back over minutes that were a gap then, and late minutes are judged by the
 *   state that stands; what was scored stays. Incidents, drift checks and versions follow from scores.
 */
const TABLES: Tables = {
  features: { key: 'minute', content: 'values, evidence', from: 'features' },
  scores: { key: 'kind, minute', content: '1', from: 'scores' },
  verdicts: { key: 'minute', content: '1', from: 'verdicts' },
};

export interface HealedRows {
  rows: Rows;
  /** Keys of feature rows that were healed. */
  healed: Set<string>;
  gaps: number;
}

/** Rows of minutes before `end`. */
export async function readHealedRows(pool: Pool, end: Minute): Promise<HealedRows> {
  const before = `stream = '${STREAM}' AND minute < to_timestamp(${Number(end) * 60})`;
  const tables = Object.fromEntries(
    Object.entries(TABLES).map(([name, table]) => [name, { ...table, from: `${table.from} WHERE ${before}` }]),
  );
  const healed = await pool.query<{ key: string }>(
    `SELECT (ROW(minute))::text AS key FROM features WHERE kind = 'healed' AND ${before}`,
  );
  const gaps = await pool.query<{ count: number }>('SELECT count(*) FROM feed_gaps');
  return {
    rows: await readRows(pool, tables),
    healed: new Set(healed.rows.map(({ key }) => key)),
    gaps: gaps.rows[0]!.count,
  };
}

export interface HealedComparison extends Comparison {
  gaps: number;
  healed_minutes: number;
  /** Healed minutes after the first gap whose features are not those of the undisturbed run. */
  healed_different: number;
  /** Observed minutes after the first gap whose features are not those of the undisturbed run. */
  later_different: number;
}

export function compareHealed(undisturbed: HealedRows, disturbed: HealedRows): HealedComparison {
  const { healed, gaps } = disturbed;
  const times = [...(undisturbed.rows.get('features') ?? new Map<string, string[]>()).keys()].sort();
  const first = times.findIndex((key) => healed.has(key));
  const afterFirst = first < 0 ? times.length : times.findIndex((key, at) => at > first && !healed.has(key));
  const later = new Set(afterFirst < 0 ? [] : times.slice(afterFirst));
  const differs = (key: string) =>
    disturbed.rows.get('features')!.get(key)?.join() !== undisturbed.rows.get('features')!.get(key)?.join();
  const known = (table: string, key: string) =>
    table === 'features' && later.has(key) && disturbed.rows.get('features')!.get(key)?.length === 1;
  const different = [...later].filter((key) => known('features', key) && differs(key));
  return {
    ...compareRows(undisturbed.rows, disturbed.rows, known),
    gaps,
    healed_minutes: healed.size,
    healed_different: different.filter((key) => healed.has(key)).length,
    later_different: different.filter((key) => !healed.has(key)).length,
  };
}
