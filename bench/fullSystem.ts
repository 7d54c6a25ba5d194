import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureSystem, type Phase } from './fullSystem/measure.js';
import type { Bench, BenchOptions, BenchResult } from './result.js';

const MILLION = 1_000_000;
const MESSAGES_A_SECOND = 2_000;
const PARTS_SHOWN = 4;
/** Megabytes by millions of routes. */
const GOALS = new Map([
  [25, 1_400],
  [50, 2_500],
]);

const megabytes = (bytes: number) => Math.round(bytes / 1e6);

function partsOf({ parts }: Phase): string {
  const shown = parts.slice(0, PARTS_SHOWN).map(([name, bytes]) => `${name} ${megabytes(bytes)}`);
  const rest = parts.slice(PARTS_SHOWN).reduce((sum, [, bytes]) => sum + bytes, 0);
  return [...shown, `others ${megabytes(rest)}`].join(', ');
}

/**
 * The whole system with its stores on a generated table and its updates, at so many a second.
 * @param files sizes in millions of routes; 1 without any
 */
async function run({ files }: BenchOptions): Promise<BenchResult[]> {
  const sizes = files.length > 0 ? files.map(Number) : [1];
  if (!sizes.every((size) => size > 0)) throw new RangeError(`sizes are millions of routes, not ${files.join(' ')}`);
  const rate = Number(process.env.FEED_RATE ?? MESSAGES_A_SECOND);
  const folder = mkdtempSync(join(tmpdir(), 'routewarden-bench-'));
  // as root, PostgreSQL runs as another user
  chmodSync(folder, 0o711);
  const results: BenchResult[] = [];
  try {
    for (const size of sizes) {
      const { phases } = await measureSystem(join(folder, String(size)), size * MILLION, rate);
      const line = (what: string, ours: number, unit: string, goal: string) =>
        results.push({ what, ours, yardstick: null, yardstick_name: '', unit, ratio: null, goal });
      for (const phase of phases) {
        const what = `${size} million routes, ${rate} messages/s: ${phase.name}`;
        line(`${what} (${partsOf(phase)})`, megabytes(phase.bytes), 'MB at most', String(GOALS.get(size) ?? ''));
        line(`${what}, wall time`, phase.seconds, 's', phase.name.startsWith('back') ? '60' : '');
        const { wallMs, processorMs } = phase.pause;
        const wall = `${Math.round(wallMs)} ms of wall time`;
        line(`${what}, longest pause (${wall})`, Math.round(processorMs), 'ms of processor time', '200');
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return results;
}

export const bench: Bench = { name: 'full-system', run };
