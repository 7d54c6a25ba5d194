import { stat } from 'node:fs/promises';
import { readAsNames } from './asNameFile.js';
import type { AsNames } from './asNames.js';

const LOOKS_SECONDS = 600;

export interface AsNameSourceOptions {
  /** undefined where no file is given: then networks have numbers alone. */
  path: string | undefined;
  now: () => Date;
  log: { info(context: object, message: string): void; warn(context: object, message: string): void };
}

/** Names of networks of a file, read again when it changed. What was read before stays in use when that fails. */
export class AsNameSource {
  #names: AsNames | undefined;
  #dueAt = Number.NEGATIVE_INFINITY;
  #version = '';

  constructor(private readonly options: AsNameSourceOptions) {}

  readonly nameOf = (asNumber: number): string | undefined => this.#names?.nameOf(asNumber);

  /** Looks at the file when it is time: every ten minutes. Never rejects. */
  async refreshIfDue(): Promise<void> {
    const { path, now, log } = this.options;
    if (path === undefined || now().getTime() < this.#dueAt) return;
    this.#dueAt = now().getTime() + LOOKS_SECONDS * 1000;
    try {
      const { mtimeMs, size } = await stat(path);
      const version = `${mtimeMs} ${size}`;
      if (version === this.#version) return;
      const { names, skipped, sample } = await readAsNames(path);
      this.#names = names;
      this.#version = version;
      log.info({ path, names: names.size, skipped, ...(sample === null ? {} : { sample }) }, 'AS names read');
    } catch (cause) {
      const error = cause instanceof Error ? cause.message : String(cause);
      const kept = this.#names === undefined ? 'networks have numbers alone' : 'those read before stay in use';
      log.warn({ path, error }, `AS names cannot be read; ${kept}`);
    }
  }
}
