import { writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

const MOST_TRIES = 20;
const WAIT_MILLISECONDS = 5;

/**
 * Where a process that somebody else started logs to. pino's own destination tries a line for ever when its reader is gone
 * (EPIPE), and the process never comes to see that it should end; here such a line is dropped, and so is one whose reader
 * takes nothing for a while.
 */
export function logOutput(descriptor: number): DestinationStream {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  return {
    write(line) {
      let rest = Buffer.from(line);
      for (let tries = 0; tries < MOST_TRIES && rest.length > 0; tries += 1) {
        try {
          rest = rest.subarray(writeSync(descriptor, rest));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
          Atomics.wait(pause, 0, 0, WAIT_MILLISECONDS);
        }
      }
    },
  };
}
