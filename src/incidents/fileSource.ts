import { stat } from 'node:fs/promises';

const LOOKS_SECONDS = 600;

export interface FileSourceOptions {
  /** undefined where no file is given: then there is nothing to read. */
  path: string | undefined;
  now: () => Date;
  log: { info(context: object, message: string): void; warn(context: object, message: string): void };
}

export interface FileContent<T> {
  value: T;
  /** Entries read, and lines left out; the first of these. */
  entries: number;
  skipped: number;
  sample: string | null;
}

export interface FileKind<T> {
  /** As messages name it, such as "AS names". */
  name: string;
  /** What holds as long as nothing could be read. */
  without: string;
  read(path: string): Promise<FileContent<T>>;
}

/** What a file says, read again when it changed. What was read before stays in use when that fails. */
export class FileSource<T> {
  #value: T | undefined;
  #dueAt = Number.NEGATIVE_INFINITY;
  #version = '';

  constructor(
    private readonly options: FileSourceOptions,
    private readonly kind: FileKind<T>,
  ) {}

  get value(): T | undefined {
    return this.#value;
  }

  /** Looks at the file when it is time: every ten minutes. Never rejects. */
  async refreshIfDue(): Promise<void> {
    const { path, now, log } = this.options;
    const { name, without } = this.kind;
    if (path === undefined || now().getTime() < this.#dueAt) return;
    this.#dueAt = now().getTime() + LOOKS_SECONDS * 1000;
    try {
      const { mtimeMs, size } = await stat(path);
      const version = `${mtimeMs} ${size}`;
      if (version === this.#version) return;
      const { value, entries, skipped, sample } = await this.kind.read(path);
      this.#value = value;
      this.#version = version;
      log.info({ path, entries, skipped, ...(sample === null ? {} : { sample }) }, `${name} read`);
    } catch (cause) {
      const error = cause instanceof Error ? cause.message : String(cause);
      const kept = this.#value === undefined ? without : 'those read before stay in use';
      log.warn({ path, error }, `${name} cannot be read; ${kept}`);
    }
  }
}
