import { rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** More than file systems keep beside their last full block. */
const TRIAL_BYTES = 65_536;

const WORDS: Record<string, string> = {
  ENOSPC: 'has no space left on its disk: make room',
  EDQUOT: 'has reached its quota: make room',
  EROFS: 'is on a read-only file system: make it writable',
  EACCES: 'may not be written to by this user: give it the right',
  EPERM: 'may not be written to by this user: give it the right',
};

/** A directory that takes no files now; the message says why and what to do. */
export class DirectoryTakesNothing extends Error {
  constructor(directory: string, code: string) {
    super(
      `the data directory ${directory} ${WORDS[code]}, or choose another with --data-directory or ROUTEWARDEN_DATA_DIRECTORY`,
    );
    this.name = 'DirectoryTakesNothing';
  }
}

/** The fault of a full or read-only disk in its words; any other as it is. */
export function takesNothing(directory: string, error: unknown): unknown {
  const { code = '' } = error as NodeJS.ErrnoException;
  return code in WORDS ? new DirectoryTakesNothing(directory, code) : error;
}

/**
 * Writes a small file and takes it away: sockets and renames succeed on a full disk, and all that fails later does in
 * words of its own.
 *
 * @throws DirectoryTakesNothing
 */
export function mustTakeFiles(directory: string): void {
  const trial = `${directory}/owner.sock.${process.pid}.trial`;
  try {
    writeFileSync(trial, Buffer.alloc(TRIAL_BYTES));
  } catch (error) {
    throw takesNothing(directory, error);
  } finally {
    rmSync(trial, { force: true });
  }
}

/** PostgreSQL's words, or that its disk is full: it may be another one than the data directory's. */
export function serverFault(words: string, cluster: string): Error {
  return words.includes('No space left on device')
    ? new DirectoryTakesNothing(dirname(cluster), 'ENOSPC')
    : new Error(words);
}
