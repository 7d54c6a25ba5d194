/**
 * Preloaded into services (`node --import`): their wall clock is off by the milliseconds that the file named by
 * CHAOS_CLOCK_FILE holds, re-read twice a second, so that a fault can set the clock of a running process forward or back.
 */
import { readFileSync } from 'node:fs';

const file = process.env.CHAOS_CLOCK_FILE;
if (file !== undefined) {
  const trueNow = Date.now.bind(Date);
  let offset = 0;
  const read = () => {
    try {
      offset = Number(readFileSync(file, 'utf8')) || 0;
    } catch {
      offset = 0;
    }
  };
  read();
  setInterval(read, 500).unref();
  const TrueDate = Date;
  globalThis.Date = new Proxy(TrueDate, {
    construct: (target, args: unknown[], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [trueNow() + offset] : args, newTarget),
    get: (target, name, receiver) => (name === 'now' ? () => trueNow() + offset : Reflect.get(target, name, receiver)),
  });
}
