import { execFileSync } from 'node:child_process';
import { closeSync, createReadStream, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { packageRoot } from '../../src/config/paths.js';
import { readVrps } from '../../src/incidents/rpki/vrpFile.js';

const VRPS = 1_200_000;
const LIST_BYTES = 110_000_000;
/** What the table takes, and no more than pieces of the text beside it: the text alone would take three quarters. */
const HEAP_MEGABYTES = 160;
/** Of the same list, as far as it takes to see that the loop goes on. */
const SAMPLE_BYTES = 20 << 20;
const LONGEST_STEP_BYTES = 1 << 20;

let folder: string;
let path: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'routewarden-vrps-'));
  path = join(folder, 'vrps.json');
  const file = openSync(path, 'w');
  writeSync(file, '{"metadata":{"buildtime":"2026-10-01T00:00:00Z"},"roas":[\n');
  let text = '';
  for (let at = 0; at < VRPS; at++) {
    const prefix = `${1 + (at >> 16)}.${(at >> 8) & 255}.${at & 255}.0/24`;
    text += `{"asn":"AS${64_500 + (at % 400)}","prefix":"${prefix}","maxLength":24,"ta":"ripe","expires":1800000000}`;
    text += at + 1 < VRPS ? ',\n' : '\n]}';
    if (text.length < 1 << 20 && at + 1 < VRPS) continue;
    writeSync(file, text);
    text = '';
  }
  closeSync(file);
});

afterAll(() => rmSync(folder, { recursive: true }));

test('a list of 110 MB is read whole in a heap that could not hold it parsed', () => {
  expect(statSync(path).size).toBeGreaterThan(LIST_BYTES);
  const source = (file: string) => JSON.stringify(pathToFileURL(join(packageRoot, 'dist/src/incidents', file)).href);
  const script = `
    import { VrpSource } from ${source('rpki/vrpSource.js')};
    import { rpkiSettings } from ${source('settings.js')};
    const settings = rpkiSettings.parse({ vrps: ${JSON.stringify(path)}, timeoutSeconds: 600 });
    const log = { info() {}, warn() {} };
    const vrps = new VrpSource({ settings, now: () => new Date('2026-10-01T01:00:00Z'), log });
    await vrps.refreshIfDue();
    const judged = ['1.0.0.0/24', '19.79.127.0/24', '19.79.128.0/24'].map((prefix) => vrps.validityOf(prefix, 64500));
    process.stdout.write(JSON.stringify([vrps.state.vrps, vrps.state.error, judged]));`;
  const limits = [`--max-old-space-size=${HEAP_MEGABYTES}`, '--input-type=module', '-e', script];
  const said = execFileSync(process.execPath, limits, { encoding: 'utf8' });
  // 64500 again each 400: the first has it, the last (number 1,199,999) has 64899, the next is not in the list
  expect(JSON.parse(said)).toEqual([VRPS, null, ['valid', 'invalid', 'not found']]);
});

test('other work has its turn between pieces of it', async () => {
  let sinceTurn = 0;
  let longest = 0;
  let reading = true;
  const turn = () => {
    sinceTurn = 0;
    if (reading) setImmediate(turn);
  };
  setImmediate(turn);
  async function* counted() {
    for await (const piece of createReadStream(path, { end: SAMPLE_BYTES - 1 })) {
      sinceTurn += piece.length;
      longest = Math.max(longest, sinceTurn);
      yield piece as Buffer;
    }
  }
  await expect(readVrps(counted())).rejects.toThrow('it ends in the middle');
  reading = false;
  expect(longest).toBeLessThan(LONGEST_STEP_BYTES);
});
