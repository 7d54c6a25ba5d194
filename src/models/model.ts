import type { FeatureBlock } from '../features/row.js';

/** The three kinds, in the order in which they are shown and stored. */
export const MODEL_KINDS = ['heuristic', 'isolation_forest', 'lstm'] as const;
export type ModelKindName = (typeof MODEL_KINDS)[number];

/** `kind@stream`, such as `lstm@rrc00`: what is trained, leased, published and rolled back as one. */
export type ModelKey = `${ModelKindName}@${string}`;

/** A file of an artifact: what `encode` gives and `decode` takes; bytes are checksummed outside. */
export interface ArtifactFile {
  name: string;
  bytes: Uint8Array;
}

export interface FitProgress {
  /** 0..1 */
  fraction: number;
  /** Such as "epoch 3 of 10, loss 0.0123" */
  message: string;
  epoch?: number;
  loss?: number;
}

export interface FitOptions<M> {
  seed: number;
  /** Wanted false alarms a day; fixes the threshold from the training scores alone. */
  falseAlarmsPerDay: number;
  /** The active version, for a warm start; absent on the first fit. */
  previous?: M;
  /** Kind-specific settings (trees, epochs ...), already validated by the kind's zod schema. */
  settings?: Record<string, unknown>;
  onProgress?: (progress: FitProgress) => void;
  /** Aborting rejects the fit with the signal's reason and leaves nothing behind. */
  signal?: AbortSignal;
}

/** Scores of the rows asked for; NaN where a row cannot be scored (a gap, or too little context before it). */
export interface Scores {
  /** [rows] the kind's own scale; higher is more anomalous */
  score: Float64Array;
  /**
   * [rows] comparable between kinds: -log10 of the tail probability that an ordinary minute scores as high, from the
   * training scores; 0 is quite ordinary, 3 is one minute in a thousand.
   */
  surprise: Float64Array;
  /**
   * [rows] where the volume has fallen: the surprise of what the last minutes show, without what longer means still hold of before; NaN
   * where it has not fallen. Only the rules know it.
   */
  afterFall?: Float64Array;
}

/** Why a row scored as it did, strongest first. */
export interface Explanation {
  /** A feature's or a rule's name. */
  name: string;
  /** Share of the score, 0..1. */
  share: number;
  /** In words, with value and limit: "withdrawn prefixes 5,210, limit 410". */
  words: string;
  value?: number;
  limit?: number;
}

/**
 * One kind of model. A model is a value: nothing here knows of queues, SQL or files. The same rows, options and seed
 * give the same bytes from `encode`.
 */
export interface ModelKind<M> {
  readonly name: ModelKindName;
  /** Rows that `score` and `explain` need before the first row asked for. */
  readonly context: number;
  /** Fewest usable rows to train on. */
  readonly minimumRows: number;
  /** Most rows that a training window may give; older ones are thinned or dropped by the caller. */
  readonly maximumRows: number;
  /** @throws NotEnoughRows when the window holds fewer than `minimumRows` usable rows */
  fit(window: FeatureBlock, options: FitOptions<M>): Promise<M>;
  /** Scores rows `from` .. end of the block; rows before are context. A row's score depends on no other batch. */
  score(model: M, block: FeatureBlock, from: number): Promise<Scores>;
  /** Threshold on `score` above which a minute is anomalous; fixed at training. */
  threshold(model: M): number;
  /** Explains one row of the block (at least `context` rows after its start). */
  explain(model: M, block: FeatureBlock, row: number): Promise<Explanation[]>;
  encode(model: M): Promise<ArtifactFile[]>;
  /** @throws BadArtifact when the bytes are not a whole artifact of a format this program knows */
  decode(files: ArtifactFile[]): Promise<M>;
}

export class NotEnoughRows extends Error {
  constructor(
    readonly have: number,
    readonly need: number,
  ) {
    super(`not enough usable minutes to train: ${have} of ${need}`);
    this.name = 'NotEnoughRows';
  }
}

export class BadArtifact extends Error {
  constructor(message: string) {
    super(`bad model artifact: ${message}`);
    this.name = 'BadArtifact';
  }
}
