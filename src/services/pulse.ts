import type { ChildProcess } from 'node:child_process';

/**
 * A process whose event loop is blocked, or that was stopped by a signal, neither ends nor works. So a service gives a
 * pulse to who started it, over their own channel: the database, which holds the heartbeats, may be what is away.
 */
const PULSE = 'pulse';
const BETWEEN_MILLISECONDS = 2_000;
/** The first pulse may come so many times later than others: a slow machine that starts everything at once needs long to load. */
const FIRST = 5;

/** Has this process give pulses, where somebody listens. */
export function givePulses(): void {
  if (process.send === undefined) return;
  let under = false;
  const give = () => {
    // a supervisor that does not read must not make this process hold ever more of them
    if (under || !process.connected) return;
    under = true;
    process.send!(PULSE, undefined, undefined, () => {
      under = false;
    });
  };
  give();
  setInterval(give, BETWEEN_MILLISECONDS).unref();
}

/**
 * Calls `onSilent` once when a child has given no pulse for so long, counted in looks of this process: time in which it
 * was itself stopped, such as with the whole machine, does not count.
 */
export function hearPulses(child: ChildProcess, silentMilliseconds: number, onSilent: () => void): void {
  let looks = 0;
  let limit = silentMilliseconds * FIRST;
  const timer = setInterval(() => {
    looks += 1;
    if (looks * BETWEEN_MILLISECONDS < limit) return;
    clearInterval(timer);
    onSilent();
  }, BETWEEN_MILLISECONDS);
  child.on('message', (message) => {
    if (message !== PULSE) return;
    looks = 0;
    limit = silentMilliseconds;
  });
  child.once('exit', () => clearInterval(timer));
  child.once('error', () => clearInterval(timer));
}
