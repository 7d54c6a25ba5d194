import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync } from 'node:fs';
import { promisify } from 'node:util';

/** What is left free of a full disk, bytes. */
const CRUMBS = 65_536;
const TRIES = 20;

/**
 * A folder on a small file system of its own, which faults may fill; a plain folder where none can be mounted. Full means
 * that the file system has shrunk to what lies on it: a filler of gigabytes would cost seconds, and that much memory.
 */
export class OwnDisk {
  private constructor(
    readonly folder: string,
    private readonly size: string,
    /** False: there is nothing to fill but the machine's own disk. It takes root on Linux. */
    readonly isOwn: boolean,
  ) {}

  /** @param size as `mount -o size=` takes it */
  static open(folder: string, size: string): OwnDisk {
    mkdirSync(folder, { recursive: true });
    return new OwnDisk(folder, size, mountTmpfs(folder, size));
  }

  /** Leaves no room for the next block. Not in one go: the feed is served by this process, and must go on. */
  async fill(): Promise<void> {
    for (let left = TRIES; ; left -= 1) {
      const { blocks, bfree, bsize } = statfsSync(this.folder);
      try {
        await this.resize(String((blocks - bfree) * bsize + CRUMBS));
        return;
      } catch (error) {
        // Who lives on it took room meanwhile.
        if (left === 0) throw error;
      }
    }
  }

  async empty(): Promise<void> {
    await this.resize(this.size);
  }

  /** @throws Error when something still uses it */
  close(): void {
    if (this.isOwn) execFileSync('umount', [this.folder], { stdio: 'pipe' });
    else rmSync(this.folder, { recursive: true, force: true });
  }

  private async resize(size: string): Promise<void> {
    await promisify(execFile)('mount', ['-o', `remount,size=${size}`, this.folder]);
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
