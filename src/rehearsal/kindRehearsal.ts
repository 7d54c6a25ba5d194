import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { DetectorStep } from '../detection/detectorStep.js';
import type { Minute } from '../features/row.js';
import type { AnyModelKind } from '../models/kinds.js';
import type { ModelKey, ModelKindName } from '../models/model.js';
import { modelKey } from '../models/modelKey.js';
import { healVersionFiles, versionDirectory } from '../registry/artifactFiles.js';
import { BACKUPS } from '../registry/backups.js';
import { loadVersion } from '../registry/load.js';
import { list, rollback } from '../registry/registry.js';
import type { RetrainingSettings } from '../retraining/settings.js';
import { runTraining } from '../retraining/training.js';
import type { TrainingResult } from '../retraining/trainingRun.js';
import { featureBlock } from '../storage/features.js';
import { versionsThatScored } from '../storage/scores.js';
import type { ScratchSchema } from '../storage/scratchSchema.js';
import { streamHistory } from '../storage/streamHistory.js';

export interface RehearsalOptions {
  pool: Pool;
  databaseUrl: string;
  stream: string;
  kinds: readonly AnyModelKind[];
  settings: RetrainingSettings;
  incidentPatienceMinutes: number;
  codeVersion: string;
  seed: number;
  onProgress?: (kind: ModelKindName, fraction: number, message: string) => void;
  onError: (error: Error) => void;
  signal?: AbortSignal;
}

export const PARTS = ['training', 'validation', 'backup', 'hot swap', 'rollback'] as const;

export interface RehearsedPart {
  part: (typeof PARTS)[number];
  /** null: not reached, because a part before it failed */
  passed: boolean | null;
  words: string;
  seconds: number;
}

export interface Rehearsed {
  kind: ModelKindName;
  passed: boolean;
  parts: RehearsedPart[];
}

interface KindRehearsal extends RehearsalOptions {
  kind: AnyModelKind;
  scratch: ScratchSchema;
  folder: string;
  from: Minute;
  until: Minute;
  live: number;
}

/** What was to be seen was not; the message says what was. */
class PartFailed extends Error {}

const OPEN_GATE = { maximumAnomalyRate: 1, championMargin: 1, examMargin: 1, sensitivityBudget: 1 };

function expected(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new PartFailed(otherwise);
}

/** Goes through the parts in order. Without a first version none of the others is reached, and without a second only the gate. */
export async function rehearseKind(rehearsal: KindRehearsal): Promise<Rehearsed> {
  const scene = new Scene(rehearsal);
  const play: Record<RehearsedPart['part'], () => Promise<string>> = {
    training: () => scene.train(),
    validation: () => scene.validate(),
    backup: () => scene.findBackups(),
    'hot swap': () => scene.swap(),
    rollback: () => scene.rollBack(),
  };
  const parts: RehearsedPart[] = [];
  for (const part of PARTS) {
    if (!scene.canPlay(part)) {
      parts.push({ part, passed: null, words: 'not reached', seconds: 0 });
      continue;
    }
    const began = performance.now();
    const seconds = () => Number(((performance.now() - began) / 1000).toFixed(3));
    try {
      const words = await play[part]();
      parts.push({ part, passed: true, words, seconds: seconds() });
    } catch (error) {
      rehearsal.signal?.throwIfAborted();
      parts.push({ part, passed: false, words: (error as Error).message, seconds: seconds() });
    }
  }
  return { kind: rehearsal.kind.name, passed: parts.every(({ passed }) => passed === true), parts };
}

/** One kind's model of a scratch stream, with a detector that scores the stream's minutes as they are copied in. */
class Scene {
  readonly #stream: string;
  readonly #key: ModelKey;
  readonly #detector: DetectorStep;
  /** Number of the version that follows the first. */
  #second: number | null = null;
  #hasFirst = false;
  readonly #third: number;

  constructor(private readonly rehearsal: KindRehearsal) {
    const { kind, scratch, live } = rehearsal;
    this.#stream = `test-${kind.name.replace('_', '-')}`;
    this.#key = modelKey(kind.name, this.#stream);
    this.#third = Math.floor(live / 3);
    this.#detector = new DetectorStep({
      pool: scratch.pool,
      stream: this.#stream,
      kind,
      logger: pino({ level: 'silent' }),
      load: async (key, versionId) => (await loadVersion(scratch.pool, key, versionId, kind)).model,
      onBadVersion: async (_key, activation, error) => {
        throw new PartFailed(`version ${activation.version} cannot be loaded: ${error.message}`);
      },
    });
  }

  /** Whether what the part begins with is there. */
  canPlay(part: RehearsedPart['part']): boolean {
    if (part === 'training') return true;
    return part === 'validation' ? this.#hasFirst : this.#second !== null;
  }

  /** A first version on all but the newest minutes; it scores the first of these. */
  async train(): Promise<string> {
    const { kind, scratch, stream, until, live } = this.rehearsal;
    await scratch.copyFeatures(stream, this.#stream, until - live - kind.context, until - live);
    const first = await this.#run('first', kind, 0);
    expected(first.state === 'published', `the first version was ${first.state}: ${first.reasons.join('; ')}`);
    const [version] = await list(scratch.pool, this.#key);
    expected(version?.active === true, 'the first version is not the active one');
    expected(Number.isFinite(version.threshold), `its threshold is ${version.threshold}`);
    const scored = await this.#score(0, 1);
    this.#hasFirst = true;
    return `${version.samples} minutes, threshold ${version.threshold.toPrecision(4)}; it scored ${scored} new minutes`;
  }

  /** A second version is compared with the first; then one that calls every minute anomalous is refused. */
  async validate(): Promise<string> {
    const { kind, scratch, settings } = this.rehearsal;
    const second = await this.#run('second', kind, 1);
    const { model } = await this.#load(second.version);
    if (second.state !== 'published') {
      // What it would have refused serves here, so that the parts after this one are tried as well.
      const anyway: AnyModelKind = { ...kind, fit: async () => model };
      this.#second = (await this.#run('second anyway', anyway, 1, { ...settings, ...OPEN_GATE })).version;
      throw new PartFailed(`the gate refuses a second version on the same window: ${second.reasons.join('; ')}`);
    }
    this.#second = second.version;
    const wild: AnyModelKind = { ...kind, fit: async () => model, threshold: () => -Number.MAX_VALUE };
    const refused = await this.#run('wild', wild, 2);
    expected(refused.state === 'rejected', `a version that calls every minute anomalous was ${refused.state}`);
    const active = (await list(scratch.pool, this.#key)).find((version) => version.active);
    expected(active?.version === this.#second, `version ${active?.version} is active after a refusal`);
    return `${second.reasons.join('; ')}; a version that calls every minute anomalous was refused`;
  }

  /** Files of both versions on disk as in the database, and a backup of the first that can be loaded. */
  async findBackups(): Promise<string> {
    const { kind, scratch, folder } = this.rehearsal;
    for (const version of await list(scratch.pool, this.#key)) {
      if (version.state !== 'published') continue;
      const differs = await healVersionFiles(scratch.pool, folder, version);
      expected(!differs, `the files of version ${version.version} on disk differ from those in the database`);
    }
    const backups = join(
      versionDirectory(folder, { kind: kind.name, stream: this.#stream, version: 1 }),
      '..',
      BACKUPS,
    );
    const [name] = await readdir(backups);
    expected(name !== undefined, 'the first version has no backup');
    const manifest = JSON.parse(await readFile(join(backups, name, 'manifest.json'), 'utf8'));
    expected(
      manifest.version === 1 && manifest.replacedBy === this.#second,
      `the backup is of version ${manifest.version}, replaced by ${manifest.replacedBy}`,
    );
    const files: { name: string; bytes: Uint8Array }[] = [];
    for (const file of manifest.files)
      files.push({ name: file.name, bytes: new Uint8Array(await readFile(join(backups, name, file.name))) });
    await kind.decode(files);
    return `${name}, ${files.length} files, can be loaded`;
  }

  /** The detector goes over to the second version between two minutes. */
  async swap(): Promise<string> {
    const began = performance.now();
    const scored = await this.#score(this.#third, this.#second ?? 0);
    return `${scored} minutes by version ${this.#second}, none missed, ${Math.round(performance.now() - began)} ms with the reload`;
  }

  async rollBack(): Promise<string> {
    const { scratch } = this.rehearsal;
    const { to } = await rollback({
      pool: scratch.pool,
      modelKey: this.#key,
      actor: 'test-retraining',
      reason: 'test',
    });
    expected(to.version === 1, `it went back to version ${to.version}`);
    const scored = await this.#score(2 * this.#third, 1);
    return `${scored} minutes by version 1 again, none missed`;
  }

  async #load(number: number) {
    const { kind, scratch } = this.rehearsal;
    const version = (await list(scratch.pool, this.#key)).find((one) => one.version === number);
    return loadVersion(scratch.pool, this.#key, version!.id, kind);
  }

  #run(
    name: string,
    kind: AnyModelKind,
    nth: number,
    settings: RetrainingSettings = this.rehearsal.settings,
  ): Promise<TrainingResult> {
    const { scratch, pool, stream, folder, from, until, live, onProgress, signal, seed } = this.rehearsal;
    // The real stream's minutes under the scratch stream's name.
    const real = streamHistory(pool);
    return runTraining({
      pool: scratch.pool,
      payload: {
        modelKey: this.#key,
        trigger: { kind: 'manual', actor: 'test-retraining' },
        window: { from, until: until - live },
        seed: seed + nth,
      },
      kinds: { [kind.name]: kind },
      settings,
      incidentPatienceMinutes: this.rehearsal.incidentPatienceMinutes,
      artifactDirectory: folder,
      run: `${this.#key} ${name}`,
      holder: 'test-retraining',
      codeVersion: this.rehearsal.codeVersion,
      history: {
        features: (_, since, before) => real.features(stream, since, before),
        featureHoursSince: (_, since, after, before) => real.featureHoursSince(stream, since, after, before),
        incidents: (_, since, before) => real.incidents(stream, since, before),
      },
      onProgress: ({ fraction, message }) => onProgress?.(kind.name, fraction, `${name} version: ${message}`),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /**
   * Copies a third of the newest minutes in and lets the detector score them.
   * @returns how many it scored
   * @throws PartFailed when one was missed, or scored by another version
   */
  async #score(offset: number, version: number): Promise<number> {
    const { kind, scratch, stream, until, live } = this.rehearsal;
    const from = until - live + offset;
    await this.#detector.serving.prepare();
    expected(
      this.#detector.serving.version === version,
      `the detector holds version ${this.#detector.serving.version}`,
    );
    await scratch.copyFeatures(stream, this.#stream, from, from + this.#third);
    while (await this.#detector.step());
    const scored = await versionsThatScored(scratch.pool, this.#stream, kind.name, from);
    const wrong = scored.filter((one) => one !== version).length;
    expected(wrong === 0, `${wrong} minutes were scored by another version than ${version}`);
    const wanted = await this.#scorable(from);
    expected(scored.length === wanted, `${scored.length} of ${wanted} minutes were scored`);
    expected(wanted > 0, 'none of the newest minutes can be scored: the feed was away');
    return wanted;
  }

  /** How many of the minutes of the scratch stream from `from` on its active version can score at all. */
  async #scorable(from: Minute): Promise<number> {
    const { kind, scratch } = this.rehearsal;
    const active = (await list(scratch.pool, this.#key)).find((version) => version.active);
    const { model } = await loadVersion(scratch.pool, this.#key, active!.id, kind);
    const block = await featureBlock(scratch.pool, this.#stream, from - kind.context, from + this.#third);
    const first = block.minutes.findIndex((minute) => minute >= from);
    if (first < 0) return 0;
    const { score } = await kind.score(model, block, first);
    return score.filter(Number.isFinite).length;
  }
}
