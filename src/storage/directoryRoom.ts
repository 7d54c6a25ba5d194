import { lstatSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** More than file systems keep beside their last full block. */
const TRIAL_BYTES = 65_536;

const WORDS: Record<string, string> = {
  ENOSPC: 'has no space left on its disk: make room',
  EDQUOT: 'has reached its quota: make room',
  EROFS: 'is on a read-only file system: make it writable',
  EACCES: 'may not be written to by this user: give it the right',
  EPERM: 'may not be written to by this user: give it the right',
  ENOENT: 'cannot be made: make it yourself',
};

/** What a path is where it cannot be a directory. */
const NONE: Record<string, string> = {
  ENOTDIR: 'has a file in its path',
  ELOOP: 'is a link that leads back to itself',
  ENAMETOOLONG: 'has a name that is too long',
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

/** What a path is that can neither be a directory nor become one, in words; null where it can. */
export function noDirectory(path: string): string | null {
  try {
    if (statSync(path).isDirectory()) return null;
    return lstatSync(path).isSymbolicLink() ? 'is a link to a file' : 'is a file';
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && lstatSync(path, { throwIfNoEntry: false }) !== undefined) return 'is a link to nothing';
    return NONE[code] ?? null;
  }
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
    try {
      writeFileSync(trial, Buffer.alloc(TRIAL_BYTES));
    } finally {
      rmSync(trial, { force: true });
    }
  } catch (error) {
    throw takesNothing(directory, error);
  }
}

/** PostgreSQL's words, or that its disk is full: it may be another one than the data directory's. */
export function serverFault(words: string, cluster: string): Error {
  return words.includes('No space left on device')
    ? new DirectoryTakesNothing(dirname(cluster), 'ENOSPC')
    : new Error(words);
}
