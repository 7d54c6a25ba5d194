import { readdirSync, readFileSync } from 'node:fs';

/** Of USER_HZ, which is 100 on every Linux that Node runs on. */
const MILLISECONDS_A_TICK = 10;

interface Times {
  parent: number;
  /** Milliseconds that the process itself took. */
  own: number;
  /** Milliseconds of its children that have ended. */
  ended: number;
}

/** Fields of `/proc/PID/stat` (proc(5)); null when the process is not there. */
function timesOf(pid: number): Times | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
      .map(Number);
    const ticks = (from: number) => (fields[from]! + fields[from + 1]!) * MILLISECONDS_A_TICK;
    return { parent: fields[1]!, own: ticks(11), ended: ticks(13) };
  } catch {
    return null;
  }
}

/** Processor time that a process and all its children have taken so far, ms; NaN when it is not there. Linux only. */
export function processorMilliseconds(pid: number): number {
  const times = timesOf(pid);
  if (times === null) return Number.NaN;
  let sum = times.own + times.ended;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const child = timesOf(Number(name));
    if (child?.parent === pid) sum += child.own + child.ended;
  }
  return sum;
}
