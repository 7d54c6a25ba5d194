import type { ChildProcess } from 'node:child_process';

/**
 * Node.js may hang for ever at its own end, after the last line of JavaScript (https://github.com/nodejs/node/issues/54918).
 * So a process says that it is ending, and whoever started it kills it when it is still there a while later. One that
 * nobody looks after kills itself: its exit code has no reader.
 */
const FAREWELL = 'ending';
const HANGING_MILLISECONDS = 5_000;

/** Has this process say its farewell, however it comes to its end. */
export function sayFarewell(): void {
  process.prependListener('exit', () => {
    if (process.send === undefined) return;
    if (process.connected) process.send(FAREWELL, undefined, undefined, () => {});
    else process.kill(process.pid, 'SIGKILL');
  });
}

/** Kills a child that said farewell and does not go. */
export function hearFarewell(child: ChildProcess): void {
  let timer: NodeJS.Timeout | undefined;
  child.on('message', (message) => {
    if (message === FAREWELL) timer ??= setTimeout(() => child.kill('SIGKILL'), HANGING_MILLISECONDS);
  });
  child.once('exit', () => clearTimeout(timer));
}
