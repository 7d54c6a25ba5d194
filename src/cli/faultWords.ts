const WORDS: Record<string, (path: string) => string> = {
  ENOENT: (path) => `there is no file ${path}`,
  ENOTDIR: (path) => `there is no file ${path}`,
  EISDIR: (path) => `${path} is a folder, not a file`,
  EACCES: (path) => `no permission for ${path}`,
  EPERM: (path) => `no permission for ${path}`,
  EROFS: (path) => `${path} is on a disk that is read-only`,
  ENOSPC: (path) => `the disk of ${path} is full`,
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
