import type { Pool } from 'pg';
import { z } from 'zod';
import type { ModelKey } from '../models/model.js';
import { currentActivation } from '../storage/activations.js';
import { driftOutcomesOf } from '../storage/driftReports.js';
import { findVersion, type ModelVersion, type StoredFile, versionFiles } from '../storage/modelVersions.js';
import { RegistryRefusal } from './registry.js';

const results = z.object({ byClass: z.record(z.string(), z.number()).default({}), recall: z.number() });
/** What training leaves in `metrics`; versions of before have no `losses`. */
const trained = z.object({
  heldBack: z.object({ challenger: z.object({ anomalyRate: z.number() }) }).optional(),
  exam: z.object({ challenger: results }).nullish(),
  losses: z.array(z.number()).default([]),
  seconds: z.number().nullable().default(null),
  reasons: z.array(z.string()).default([]),
});

/** A version as shown beside another. Times are milliseconds since 1970, shares 0..1. */
export interface ComparedVersion {
  version: number;
  state: ModelVersion['state'];
  active: boolean;
  dataFrom: number;
  dataUntil: number;
  samples: number;
  threshold: number;
  seed: number;
  codeVersion: string;
  createdAt: number;
  /** null: not recorded */
  seconds: number | null;
  /** Share of the held-back, ordinary minutes that it flags. */
  flagged: number | null;
  /** Share of the exam's episodes found; by class of anomaly. */
  exam: { recall: number; byClass: { class: string; found: number }[] } | null;
  /** Loss on held-back windows after each epoch; empty where the kind has no epochs, or was trained before this was kept. */
  losses: number[];
  /** Parameters as its files say. */
  parameters: { name: string; value: string }[];
  reasons: string[];
  /** Drift checks since it serves, by outcome. */
  drift: { outcome: string; checks: number }[];
  /** Files that can be had; none when they were pruned. */
  files: { name: string; bytes: number; sha256: string }[];
}

/** @throws RegistryRefusal for an unknown version */
export async function comparedVersion(pool: Pool, key: ModelKey, number: number): Promise<ComparedVersion> {
  const version = await findVersion(pool, key, number);
  if (!version) throw new RegistryRefusal(`${key} has no version ${number}`, 'missing');
  const [files, drift, active] = await Promise.all([
    versionFiles(pool, version.id),
    driftOutcomesOf(pool, version.id),
    currentActivation(pool, key),
  ]);
  const metrics = trained.parse(version.metrics);
  const exam = metrics.exam?.challenger;
  return {
    version: version.version,
    state: version.state,
    active: active?.versionId === version.id,
    dataFrom: version.dataFrom * 60_000,
    dataUntil: version.dataUntil * 60_000,
    samples: version.samples,
    threshold: version.threshold,
    seed: version.seed,
    codeVersion: version.codeVersion,
    createdAt: version.createdAt.getTime(),
    seconds: metrics.seconds,
    flagged: metrics.heldBack?.challenger.anomalyRate ?? null,
    exam:
      exam === undefined
        ? null
        : {
            recall: exam.recall,
            byClass: Object.entries(exam.byClass).map(([name, found]) => ({ class: name, found })),
          },
    losses: metrics.losses,
    parameters: parametersOf(files),
    reasons: metrics.reasons,
    drift,
    files: files.map(({ name, bytes, sha256 }) => ({ name, bytes: bytes.length, sha256 })),
  };
}

/** What was learnt from the data, which is not compared: long, and shown by charts. */
const LEARNT = new Set(['preparation', 'calibration', 'typical', 'background', 'threshold', 'format', 'kind']);
const plain = z.union([z.string(), z.number(), z.boolean()]);

/** Single values of model.json, such as `architecture units` 16; a file that is not JSON has none. */
function parametersOf(files: readonly StoredFile[]): { name: string; value: string }[] {
  const file = files.find(({ name }) => name === 'model.json');
  if (file === undefined) return [];
  const json = readJson(file.bytes);
  const root = json.userDefinedMetadata ?? json;
  return Object.entries(z.record(z.string(), z.unknown()).safeParse(root).data ?? {})
    .filter(([name]) => !LEARNT.has(name))
    .flatMap(([name, value]) => {
      const single = plain.safeParse(value);
      if (single.success) return [{ name, value: String(single.data) }];
      const group = z.record(z.string(), z.unknown()).safeParse(value).data ?? {};
      return Object.entries(group).flatMap(([inner, held]) => {
        const read = plain.safeParse(held);
        return read.success ? [{ name: `${name} ${inner}`, value: String(read.data) }] : [];
      });
    });
}

function readJson(bytes: Buffer): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(bytes.toString('utf8')));
  } catch {
    // Anybody may register a kind whose model.json is something else; it then has no parameters to show.
    return {};
  }
}
