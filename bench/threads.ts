import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

interface Limits {
  threads?: number;
  minutes?: number;
}

/**
 * Gives the orders, one by one, to as many threads as there are cores; says on standard error how far they are.
 * @param worker a module that answers each message with one
 * @param limits after so many minutes the orders that wait are left, with the answers that there are
 * @throws Error of the first thread that fails
 */
export async function inThreads<Order, Answer>(
  worker: URL,
  orders: readonly Order[],
  words: (answer: Answer) => string,
  { threads: most = availableParallelism(), minutes = Number.POSITIVE_INFINITY }: Limits = {},
): Promise<Answer[]> {
  const waiting = [...orders];
  const answers: Answer[] = [];
  const began = performance.now();
  const run = (thread: Worker): Promise<void> =>
    new Promise((resolve, reject) => {
      const next = (): void => {
        const isLate = performance.now() - began > minutes * 60_000;
        const order = isLate ? undefined : waiting.shift();
        if (order) thread.postMessage(order);
        else resolve();
      };
      thread.on('error', reject);
      thread.on('message', (answer: Answer) => {
        answers.push(answer);
        const seconds = (performance.now() - began) / 1000;
        const left = (seconds / answers.length) * (orders.length - answers.length);
        console.error(
          `${answers.length} of ${orders.length}: ${words(answer)}; ${seconds.toFixed(0)} s, about ${left.toFixed(0)} s left`,
        );
        next();
      });
      next();
    });
  const threads = Array.from({ length: Math.min(most, orders.length) }, () => new Worker(worker));
  try {
    await Promise.all(threads.map(run));
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
  return answers;
}
