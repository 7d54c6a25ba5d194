import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const BYTES = 32;

/** The random key of the page's sessions, made at the first start. Without a place for it, one for this process alone. */
export function sessionKey(dataDirectory: string, onError: (error: Error) => void): Buffer {
  const file = join(dataDirectory, 'session.key');
  try {
    mkdirSync(dataDirectory, { recursive: true });
    try {
      writeFileSync(file, randomBytes(BYTES), { mode: 0o600, flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const key = readFileSync(file);
    if (key.length === BYTES) return key;
    throw new Error(`${file} is damaged: delete it`);
  } catch (error) {
    onError(error as Error);
    return randomBytes(BYTES);
  }
}
