import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { DirectoryLock } from '../../../src/storage/directoryLock.js';
import { stopLeftover } from '../../../src/storage/embeddedPostgres.js';
import { routewarden } from '../../support/command.js';
import type { Fault } from './fault.js';

/** Every file of a data directory names a process that has come to be somebody else's: it must live, and hold nothing. */
export const recycledPid: Fault = {
  name: 'a recycled PID',
  hindrance: () => null,
  async strike({ folder }, random) {
    const directory = `${folder}/recycled-${random.integer(1e9)}`;
    const stranger = spawn('sleep', ['600'], { stdio: 'ignore' });
    await once(stranger, 'spawn');
    try {
      mkdirSync(`${directory}/postgres`, { recursive: true });
      writeFileSync(`${directory}/owner.json`, JSON.stringify({ pid: stranger.pid, since: 'yesterday' }));
      writeFileSync(`${directory}/postgres/postmaster.pid`, `${stranger.pid}\n${directory}/postgres\n`);
      const { code, stderr } = await routewarden(['stop'], { ROUTEWARDEN_DATA_DIRECTORY: directory });
      if (code !== 0) throw new Error(`stop ended with ${code}: ${stderr}`);
      (await DirectoryLock.take(directory)).release();
      await stopLeftover(directory);
      if (stranger.exitCode !== null || stranger.signalCode !== null) throw new Error('a stranger was signalled');
    } finally {
      stranger.kill('SIGKILL');
    }
    return [];
  },
};
