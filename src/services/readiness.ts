import type { ChildProcess } from 'node:child_process';

/** A process that runs is not yet one that works: it loads, and waits for its stores. So a service says when it works. */
const READY = 'ready';

/** Has this process say that it works, where somebody listens. */
export function sayReady(): void {
  if (process.send !== undefined && process.connected) process.send(READY, undefined, undefined, () => {});
}

/** Waits until a child says that it works, ends, or so long; whether it works. */
export function hearReady(child: ChildProcess, milliseconds: number): Promise<boolean> {
  return new Promise((done) => {
    const end = (works: boolean) => {
      clearTimeout(timer);
      child.off('message', hear).off('exit', failed).off('error', failed);
      done(works);
    };
    const hear = (message: unknown) => message === READY && end(true);
    const failed = () => end(false);
    const timer = setTimeout(failed, milliseconds);
    child.on('message', hear).once('exit', failed).once('error', failed);
  });
}
