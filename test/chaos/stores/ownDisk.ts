import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What is left free of a full disk, bytes. */
const CRUMBS = 65_536;
const TRIES = 20;

/** A folder on a small file system of its own, which faults may fill; a plain folder where none can be mounted. */
export class OwnDisk {
  private constructor(
    readonly folder: string,
    /** False: filling it would fill the machine. It takes root on Linux. */
    readonly isOwn: boolean,
  ) {}

  /** @param size as `mount -o size=` takes it */
  static open(folder: string, size: string): OwnDisk {
    mkdirSync(folder, { recursive: true });
    return new OwnDisk(folder, mountTmpfs(folder, size));
  }

  /** Leaves no room for the next block. Not in one go: the feed is served by this process, and must go on. */
  async fill(): Promise<void> {
    for (let left = TRIES; ; left -= 1) {
      const { bavail, bsize } = statfsSync(this.folder);
      try {
        await promisify(execFile)('fallocate', ['-l', String(Math.max(4_096, bavail * bsize - CRUMBS)), this.filler]);
        return;
      } catch (error) {
        // Who lives on it took room meanwhile.
        if (left === 0) throw error;
      }
    }
  }

  empty(): void {
    rmSync(this.filler, { force: true });
  }

  /** @throws Error when something still uses it */
  close(): void {
    if (this.isOwn) execFileSync('umount', [this.folder], { stdio: 'pipe' });
    else rmSync(this.folder, { recursive: true, force: true });
  }

  private get filler(): string {
    return join(this.folder, 'filler');
  }
}

function mountTmpfs(folder: string, size: string): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}
