import { execFileSync } from 'node:child_process';
import { rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './fault.js';

export const fullDisk: Fault = {
  name: 'a full disk under the database',
  hindrance: ({ postgres }) => (postgres.hasOwnDisk ? null : 'no disk of its own could be mounted'),
  async strike({ postgres }, random) {
    const filler = join(postgres.diskFolder, 'filler');
    const { bavail, bsize } = statfsSync(postgres.diskFolder);
    try {
      execFileSync('fallocate', ['-l', String(Math.max(4_096, bavail * bsize - 65_536)), filler], { stdio: 'pipe' });
      await sleep(1_000 + random.integer(2_000));
    } finally {
      rmSync(filler, { force: true });
    }
    await postgres.settled();
    return null;
  },
};
