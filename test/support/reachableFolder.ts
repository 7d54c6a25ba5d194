import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A new folder for a test's system. As root, its PostgreSQL runs as another user: where that one cannot get through, the
 * cluster goes to /var/lib/routewarden, on the disk, and stays there.
 */
export function reachableFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  chmodSync(folder, 0o711);
  return folder;
}
