import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something is so, looking twenty times a second. @throws after 70 s */
export async function until(reached: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1_400; tries += 1) {
    if (await reached()) return;
    await sleep(50);
  }
  throw new Error('waited in vain');
}
