import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createGunzip, createGzip } from 'node:zlib';
import type { FeatureRow } from '../../src/features/row.js';
import { recordingKey } from '../realFeed/rows.js';
import type { EventKind } from './event.js';
import type { InjectedEvent } from './pass.js';

/** One run over the recording, as the judge needs it. */
export interface Played {
  rows: readonly FeatureRow[];
  events: readonly InjectedEvent[];
  notDrawn: readonly EventKind[];
}

interface Head {
  key: string;
  /** Rows of the part that all runs share. */
  learnt: number;
  passes: number;
}

interface PassHead {
  rows: number;
  events: readonly InjectedEvent[];
  notDrawn: readonly EventKind[];
}

/** Of all that the rows of the runs depend on: recording, decoder, aggregator, how events are drawn, and the request. */
export async function playedKey(
  files: readonly string[],
  events: number,
  seed: number,
  only?: EventKind,
): Promise<string> {
  const hash = createHash('sha256').update(
    `${await recordingKey(files)} ${events} ${seed}${only === undefined ? '' : ` ${only}`}`,
  );
  const path = fileURLToPath(new URL('./', import.meta.url));
  for (const name of (await readdir(path, { recursive: true })).sort()) {
    if (/(^kinds.|draws|^event|messages|networkGraph|pass|routeView|schedule)[^/]*\.js$/.test(name)) {
      hash.update(name).update(await readFile(join(path, name)));
    }
  }
  return hash.digest('hex').slice(0, 16);
}

/** Keeps runs in a file, a row a line, gzipped; the rows that all share are written once. */
export async function writePlayed(file: string, key: string, passes: readonly Played[], learnt: number): Promise<void> {
  const textOf = (row: FeatureRow) => `${JSON.stringify({ ...row, values: [...row.values] })}\n`;
  function* lines() {
    const head: Head = { key, learnt, passes: passes.length };
    yield `${JSON.stringify(head)}\n`;
    for (const row of passes[0]?.rows.slice(0, learnt) ?? []) yield textOf(row);
    for (const { rows, events, notDrawn } of passes) {
      const own = rows.slice(learnt);
      const passHead: PassHead = { rows: own.length, events, notDrawn };
      yield `${JSON.stringify(passHead)}\n`;
      for (const row of own) yield textOf(row);
    }
  }
  await pipeline(Readable.from(lines()), createGzip({ level: 1 }), createWriteStream(`${file}.part`));
  await rename(`${file}.part`, file);
}

/** null when there is no such file, or when its rows are of another request, recording or code. */
export async function readPlayed(file: string, key: string): Promise<Played[] | null> {
  if (!existsSync(file)) return null;
  const lines = createInterface({ input: createReadStream(file).pipe(createGunzip()) })[Symbol.asyncIterator]();
  const next = async <T>(): Promise<T> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${file} ends too early`);
    return JSON.parse(value as string) as T;
  };
  const rowsOf = async (count: number) => {
    const rows: FeatureRow[] = [];
    for (let n = 0; n < count; n++) {
      const row = await next<Omit<FeatureRow, 'values'> & { values: number[] }>();
      rows.push({ ...row, values: Float32Array.from(row.values) });
    }
    return rows;
  };
  const head = await next<Head>();
  if (head.key !== key) return null;
  const learnt = await rowsOf(head.learnt);
  const passes: Played[] = [];
  for (let n = 0; n < head.passes; n++) {
    const { rows, events, notDrawn } = await next<PassHead>();
    passes.push({ rows: [...learnt, ...(await rowsOf(rows))], events, notDrawn });
  }
  return passes;
}
