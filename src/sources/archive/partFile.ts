import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A file on its way: NAME.part holds the bytes so far, NAME.validator the ETag or date of the version they are of, so
 * that a later run goes on only with the same version. NAME itself appears when the file is whole.
 */
export class PartFile {
  readonly path: string;
  readonly partPath: string;
  readonly #validatorPath: string;

  constructor(directory: string, name: string) {
    this.path = join(directory, name);
    this.partPath = `${this.path}.part`;
    this.#validatorPath = `${this.path}.validator`;
  }

  /** Bytes of the whole file, or null where it is not there yet. */
  async wholeSize(): Promise<number | null> {
    return sizeOf(this.path);
  }

  /** What there is to go on with; null when nothing, or when its version is not known. */
  async resumable(): Promise<{ bytes: number; validator: string } | null> {
    const bytes = await sizeOf(this.partPath);
    if (bytes === null || bytes === 0) return null;
    const validator = await readFile(this.#validatorPath, 'utf8').catch(absent);
    return validator === null || validator === '' ? null : { bytes, validator };
  }

  async begin(validator: string | null): Promise<void> {
    await this.discard();
    if (validator !== null) await writeFile(this.#validatorPath, validator);
  }

  async finish(): Promise<void> {
    await rename(this.partPath, this.path);
    await rm(this.#validatorPath, { force: true });
  }

  async discard(): Promise<void> {
    await rm(this.partPath, { force: true });
    await rm(this.#validatorPath, { force: true });
  }
}

async function sizeOf(path: string): Promise<number | null> {
  const status = await stat(path).catch(absent);
  return status === null ? null : status.size;
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
