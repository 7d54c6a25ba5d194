const WORDS: Record<string, (path: string) => string> = {
  ENOENT: (path) => `no such file: ${path}`,
  ENOTDIR: (path) => `${path}: a part of this path is a file, not a directory`,
  EISDIR: (path) => `${path} is a directory, not a file`,
  EACCES: (path) => `permission denied: ${path}`,
  EPERM: (path) => `permission denied: ${path}`,
  EROFS: (path) => `${path} is on a read-only file system`,
  ENOSPC: (path) => `no space left on the disk of ${path}`,
};

/**
 * What to say of an error: faults of the file system as a person names them, all others in their own words.
 *
 * @param file that was worked on; named in front unless the words name it already, and where the system names no path
 */
export function faultWords(error: unknown, file?: string): string {
  const { code, path, message } = error as NodeJS.ErrnoException;
  const named = path ?? file;
  const words = code === undefined || named === undefined ? undefined : WORDS[code]?.(named);
  if (words !== undefined) return words;
  const own = message || String(error);
  return file === undefined || own.includes(file) ? own : `${file}: ${own}`;
}
