import { setImmediate as turn } from 'node:timers/promises';

/** Work that stops now and then so that others get their turn, done without such a stop. */
export function whole<T>(work: Generator<void, T>): T {
  for (;;) {
    const { value, done } = work.next();
    if (done) return value;
  }
}

/** The same with a turn for others at each stop. */
export async function inTurns<T>(work: Generator<void, T>): Promise<T> {
  for (;;) {
    const { value, done } = work.next();
    if (done) return value;
    await turn();
  }
}
