import { stat } from 'node:fs/promises';
import type { AsRelations } from './asRelations.js';
import { readRelations } from './relationFile.js';

const LOOKS_SECONDS = 600;

export interface RelationSourceOptions {
  /** undefined where no file is given: then there is nothing to read. */
  path: string | undefined;
  now: () => Date;
  log: { info(context: object, message: string): void; warn(context: object, message: string): void };
}

/** AS relations of a file, read again when it changed. What was read before stays in use when that fails. */
export class RelationSource {
  #relations: AsRelations | undefined;
  #dueAt = Number.NEGATIVE_INFINITY;
  #version = '';

  constructor(private readonly options: RelationSourceOptions) {}

  get relations(): AsRelations | undefined {
    return this.#relations;
  }

  /** Looks at the file when it is time: every ten minutes. Never rejects. */
  async refreshIfDue(): Promise<void> {
    const { path, now, log } = this.options;
    if (path === undefined || now().getTime() < this.#dueAt) return;
    this.#dueAt = now().getTime() + LOOKS_SECONDS * 1000;
    try {
      const { mtimeMs, size } = await stat(path);
      const version = `${mtimeMs} ${size}`;
      if (version === this.#version) return;
      const { relations, skipped, sample } = await readRelations(path);
      this.#relations = relations;
      this.#version = version;
      log.info(
        { path, relations: relations.size, skipped, ...(sample === null ? {} : { sample }) },
        'AS relations read',
      );
    } catch (cause) {
      const error = cause instanceof Error ? cause.message : String(cause);
      const kept =
        this.#relations === undefined ? 'incidents are judged without them' : 'those read before stay in use';
      log.warn({ path, error }, `AS relations cannot be read; ${kept}`);
    }
  }
}
