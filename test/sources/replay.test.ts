import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ArchiveServer } from '../../src/simulation/archiveServer.js';
import { SimulatedWorld } from '../../src/simulation/world.js';
import { LineFileSource } from '../../src/sources/lineFile.js';
import { replay, replayKind } from '../../src/sources/replay.js';

const START = 29_500_000;
const logger = { info() {}, warn() {}, error() {} };
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'routewarden-replay-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

function write(name: string, content: string | Buffer): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

function listener() {
  const texts: string[] = [];
  const events: string[] = [];
  return {
    texts,
    events,
    onMessage: (text: string | Buffer) => {
      texts.push(text.toString());
    },
    onConnected: () => {
      events.push('connected');
    },
    onDisconnected: (reason: string) => {
      events.push(reason);
    },
    onStalled: () => undefined,
  };
}

const world = new SimulatedWorld({ seed: 3, startMinute: START });
const lines = Array.from({ length: 30 }, (_, i) => world.minute(START + i)).flat();

test.each([
  ['plain', 'a.jsonl', Buffer.from(`${lines.join('\n')}\n`)],
  ['without a last newline', 'a.jsonl', Buffer.from(lines.join('\n'))],
  ['gzipped', 'a.jsonl.gz', gzipSync(lines.join('\n'))],
])('recorded messages come back as they were: %s', async (_, name, content) => {
  const live = listener();
  const unexpected = async () => {
    throw new Error('not for this sink');
  };
  await replay(
    [write(name, content)],
    { live, mrt: unexpected, features: unexpected },
    { logger, signal: new AbortController().signal },
  );
  expect(live.texts).toEqual(lines);
  expect(live.events).toEqual(['connected', 'end of the file']);
});

test('a line too long is counted and skipped, wherever it ends', async () => {
  const long = 'x'.repeat(3_000_000);
  const path = write('a.jsonl', ['{"a":1}', long, '{"b":2}', 'y'.repeat(1001), '{"c":3}', long].join('\n'));
  const source = new LineFileSource({ path, logger, longestLine: 1000 });
  const live = listener();
  await source.run(live, new AbortController().signal);
  expect(live.texts).toEqual(['{"a":1}', '{"b":2}', '{"c":3}']);
  expect(source.counters.tooLong).toBe(3);
});

test('a damaged gzip file is an error, after what could be read', async () => {
  const whole = gzipSync(lines.join('\n'));
  const live = listener();
  const source = new LineFileSource({ path: write('a.gz', whole.subarray(0, whole.length - 500)), logger });
  await expect(source.run(live, new AbortController().signal)).rejects.toThrow(/cut short/);
  expect(live.events[1]).toMatch(/^cannot read/);
});

test('a pace holds messages back to their event time', async () => {
  const path = write('a.jsonl', ['{"timestamp":100.0}', '{"timestamp":160.0}'].join('\n'));
  const from = performance.now();
  await new LineFileSource({ path, logger, speed: 300 }).run(listener(), new AbortController().signal);
  // A timer never fires more than a rounding early.
  expect(performance.now() - from).toBeGreaterThan(190);
});

test('files are told apart by name, then by content', async () => {
  expect(await replayKind('/x/rrc00.updates.20260101.0000.gz')).toBe('mrt');
  expect(await replayKind('/x/Slammer.csv')).toBe('features');
  expect(await replayKind('/x/recorded.ndjson.gz')).toBe('ris live');
  expect(await replayKind(write('one', lines[0]!))).toBe('ris live');
  expect(await replayKind(write('two', '0,0,0,0,1361,62'))).toBe('features');
  const { gunzipSync } = await import('node:zlib');
  const archive = new ArchiveServer({ world, horizon: () => START + 60 });
  expect(await replayKind(write('three', gunzipSync(archive.file(START))))).toBe('mrt');
  await expect(replayKind(write('four', 'Dear diary'))).rejects.toThrow(/is of no known format/);
});
