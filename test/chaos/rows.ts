import type { Pool } from 'pg';
import { kindOf } from '../../src/models/kinds.js';
import { MODEL_KINDS } from '../../src/models/model.js';
import { modelKey } from '../../src/models/modelKey.js';
import { loadActive } from '../../src/registry/load.js';
import { pendingRuns } from '../../src/storage/pendingRuns.js';
import { STREAM } from './subject.js';

/** By table: columns that name a row, columns that must be the same, and where they stand; SQL of this harness alone. */
export type Tables = Record<string, { key: string; content: string; from: string }>;

/**
 * What must be the same in every run with one seed: each row's key and content, without what names a moment of the wall
 * clock or a serial number.
 */
const TABLES: Tables = {
  features: { key: 'minute', content: 'kind, values, evidence', from: 'features' },
  scores: {
    key: 's.kind, s.minute',
    content: 'v.version, s.score, s.surprise, s.threshold, s.anomalous, s.explanation',
    from: 'scores s JOIN model_versions v ON v.id = s.version_id',
  },
  verdicts: { key: 'minute', content: 'score, threshold, anomalous, votes, missing', from: 'verdicts' },
  incidents: { key: 'started_at', content: 'ended_at, severity, class, reasons, culprits', from: 'incidents' },
  alerts: { key: 'fingerprint', content: 'severity, title', from: "alerts WHERE fingerprint LIKE 'incident%'" },
  drift_reports: { key: 'model_key, window_end', content: 'outcome', from: 'drift_reports' },
  versions: {
    key: 'model_key, version',
    content: `state, data_from, data_until, samples, seed, threshold,
      (SELECT string_agg(f.sha256, ' ' ORDER BY f.name) FROM model_files f WHERE f.version_id = v.id)`,
    from: 'model_versions v',
  },
  activations: {
    key: 'a.model_key, v.version, a.from_minute',
    content: 'a.reason',
    from: 'activations a JOIN model_versions v ON v.id = a.version_id',
  },
};

/** By table: each key with its rows' content, or of tables with very many rows its digest. */
export type Rows = Map<string, Map<string, string[]>>;

/** Of these a digest tells enough; of the others one wants to see what differs. */
const BULKY = ['features', 'scores', 'verdicts'];
const MOST_EXAMPLES = 24;
const LONGEST_WORDS = 1_000;

export async function readRows(pool: Pool, tables: Tables = TABLES): Promise<Rows> {
  const rows: Rows = new Map();
  for (const [table, { key, content, from }] of Object.entries(tables)) {
    const text = `(ROW(${content}))::text`;
    const found = await pool.query<{ key: string; digest: string }>(
      `SELECT (ROW(${key}))::text AS key, ${BULKY.includes(table) ? `md5(${text})` : text} AS digest FROM ${from}`,
    );
    const byKey = new Map<string, string[]>();
    for (const { key: name, digest } of found.rows) byKey.set(name, [...(byKey.get(name) ?? []), digest].sort());
    rows.set(table, byKey);
  }
  return rows;
}

export interface Comparison {
  lost: number;
  doubled: number;
  different: number;
  /** A few of each, for a person. */
  examples: string[];
}

/** @param leftOut rows that cannot be the same, such as those of minutes that the feed was away */
export function compareRows(
  undisturbed: Rows,
  disturbed: Rows,
  leftOut: (table: string, key: string) => boolean = () => false,
): Comparison {
  const comparison: Comparison = { lost: 0, doubled: 0, different: 0, examples: [] };
  const note = (what: 'lost' | 'doubled' | 'different', table: string, key: string, rows: number, words = '') => {
    comparison[what] += rows;
    if (comparison.examples.length < MOST_EXAMPLES) comparison.examples.push(`${what}: ${table} ${key}${words}`);
  };
  for (const [table, expected] of undisturbed) {
    const got = disturbed.get(table)!;
    for (const key of new Set([...expected.keys(), ...got.keys()])) {
      if (leftOut(table, key)) continue;
      const [before, after] = [expected.get(key) ?? [], got.get(key) ?? []];
      if (after.length < before.length) note('lost', table, key, before.length - after.length);
      else if (after.length > before.length) note('doubled', table, key, after.length - before.length);
      else if (before.join() !== after.join())
        note(
          'different',
          table,
          key,
          before.length,
          `: ${after.join()} instead of ${before.join()}`.slice(0, LONGEST_WORDS),
        );
    }
  }
  return comparison;
}

/** Requests that published more than once, a line for each publish too many. */
export async function publishesDoubled(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ request: string; versions: string }>(
    `SELECT model_key || ' ' || coalesce(metrics->'trigger'->>'actor', metrics->'trigger'->>'kind') AS request,
       string_agg(version || ' of run ' || (metrics->>'run'), ', ' ORDER BY version) AS versions, count(*)
     FROM model_versions WHERE state = 'published'
     GROUP BY 1, metrics->'trigger'->>'reportId' HAVING count(*) > 1`,
  );
  return rows.map(({ request, versions }) => `published more than once: ${request}: versions ${versions}`);
}

/** What is left undone or unusable at the end, in words. */
export async function leftovers(pool: Pool): Promise<string[]> {
  const found = (await pendingRuns(pool)).map(
    ({ modelKey: key, state }) => `a retraining of ${key} is ${state} for ever`,
  );
  for (const kind of MODEL_KINDS) {
    const key = modelKey(kind, STREAM);
    try {
      if ((await loadActive(pool, key, 2 ** 30, kindOf(kind))) === null) found.push(`${key} has no active version`);
    } catch (error) {
      found.push(`the active version of ${key} cannot be loaded: ${(error as Error).message}`);
    }
  }
  return found;
}
