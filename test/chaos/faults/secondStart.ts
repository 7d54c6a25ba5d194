import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { findService } from '../../../src/services/catalogue.js';
import { launchService } from '../../../src/services/launch.js';
import { DirectoryInUse, DirectoryLock } from '../../../src/storage/directoryLock.js';
import type { Fault } from './fault.js';
import { LOSSLESS } from './processes.js';

/** A service is started a second time on the same stores, and killed or stopped; a second hold on a directory is refused. */
export const secondStart: Fault = {
  name: 'a second start',
  hindrance: () => null,
  async strike({ settings, folder }, random) {
    const directory = `${folder}/held-${random.integer(1e9)}`;
    const lock = await DirectoryLock.take(directory);
    try {
      const second = await DirectoryLock.take(directory).catch((error: unknown) => error);
      if (!(second instanceof DirectoryInUse)) throw new Error(`a second hold on a directory gave ${String(second)}`);
    } finally {
      lock.release();
    }
    const service = random.pick(LOSSLESS);
    const child = launchService({
      entry: findService(service).entry,
      settings,
      environment: { ROUTEWARDEN_INSTANCE: `${service}.second` },
      output: 'pipe',
      onError: () => {},
    });
    // Its log is nobody's: standard output is the result's.
    child.stdout?.resume();
    child.stderr?.resume();
    const ended = once(child, 'exit');
    await sleep(1_000 + random.integer(4_000));
    child.kill(random.integer(2) === 0 ? 'SIGKILL' : 'SIGTERM');
    await ended;
    return [];
  },
};
