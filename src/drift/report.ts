import { mkdir, readdir, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { driftPolicy } from './settings.js';

const windowNumbers = z.object({
  minutes: z.int(),
  anomalous: z.int(),
  anomalyRate: z.number(),
  mean: z.number(),
  standardDeviation: z.number(),
  p50: z.number(),
  p95: z.number(),
  p99: z.number(),
});

const criterion = z.object({
  name: z.string(),
  baseline: z.number(),
  current: z.number(),
  change: z.number(),
  limit: z.number(),
  exceeded: z.boolean(),
  evidence: z.number(),
  needed: z.number(),
  words: z.string(),
});

/** Counts in bins of equal width. */
const histogram = z.object({
  edges: z.array(z.number()),
  baseline: z.array(z.number()),
  current: z.array(z.number()),
});

/** Version 1 of what a drift check says, in the row and in the JSON file alike. Times are ISO 8601, in UTC. */
export const driftReport = z.object({
  format: z.literal(1),
  model: z.string(),
  version: z.int().nullable(),
  outcome: z.enum(['stable', 'drifted', 'watch', 'no baseline', 'suppressed']),
  reason: z.string(),
  windowEnd: z.string(),
  currentFrom: z.string(),
  baselineFrom: z.string(),
  /** Hour from which a drift is thought to last. */
  onset: z.string().nullable(),
  /** The version does not fit the traffic at all: found without a baseline, and not held up by a cool-down. */
  runaway: z.boolean().optional(),
  /** Minutes of the windows, judged or left out. */
  coverage: z.object({
    currentServed: z.int(),
    currentJudged: z.int(),
    currentInIncidents: z.int(),
    currentGaps: z.int(),
    incidentsJudged: z.boolean(),
    baselineJudged: z.int(),
    baselineRescored: z.int(),
  }),
  /** Reports of before know no limit for unusual minutes. */
  policy: driftPolicy.extend({ unusualMinutes: driftPolicy.shape.unusualMinutes.default(null) }),
  falseAlarmsPerModelMonth: z.number(),
  baseline: windowNumbers.nullable(),
  current: windowNumbers.nullable(),
  criteria: z.array(criterion),
  statistics: z.record(z.string(), z.number()),
  /** Minutes by score in both windows, to draw them; null where nothing was judged, and in reports of before. */
  scores: histogram.nullable().default(null),
  /** What changed in the input, strongest evidence first. */
  features: z.array(
    z.object({
      name: z.string(),
      psi: z.number(),
      /** By name of the statistic; empty in reports of before. */
      statistics: z.record(z.string(), z.number()).default({}),
      /** Minutes by value in both windows; null in reports of before. */
      distribution: histogram.nullable().default(null),
      baselineMean: z.number(),
      currentMean: z.number(),
      evidence: z.number(),
    }),
  ),
});
export type DriftReport = z.infer<typeof driftReport>;

/** `drift_report_lstm_rrc00_20260101T000000Z.json`: no character that any file system refuses. */
export function reportFileName(report: DriftReport): string {
  const model = report.model.replace(/[^a-z0-9._-]/gi, '_');
  return `drift_report_${model}_${report.windowEnd.replace(/[-:]|\.\d+/g, '')}.json`;
}

/** Writes the file whole or not at all. @returns its path */
export async function writeReportFile(directory: string, report: DriftReport): Promise<string> {
  await mkdir(directory, { recursive: true });
  const path = join(directory, reportFileName(report));
  const partial = `${path}.${process.pid}.part`;
  await writeFile(partial, `${JSON.stringify(report, null, 2)}\n`);
  await rename(partial, path);
  return path;
}

/** Deletes report files last changed before `before`. @returns how many */
export async function pruneReportFiles(directory: string, before: Date): Promise<number> {
  let gone = 0;
  for (const name of await readdir(directory).catch(() => [])) {
    if (!/^drift_report_.*\.json$/.test(name)) continue;
    const path = join(directory, name);
    if ((await stat(path)).mtime < before) {
      await unlink(path);
      gone++;
    }
  }
  return gone;
}
