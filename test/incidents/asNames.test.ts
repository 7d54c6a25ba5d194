import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readAsNames } from '../../src/incidents/names/asNameFile.js';
import { AsNameSource } from '../../src/incidents/names/asNameSource.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'asnames-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function written(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

test("names in RIPE's form are read plain and gzipped; other lines are counted", async () => {
  const text =
    '64500 EXAMPLE-AS Example Org, DE\r\n64501 SHORT\nAS64502\tTABBED Name, NL\nno number\n4294967296 TOO-LARGE, ZZ\n';
  for (const path of [await written('a.txt', text), await written('a.txt.gz', gzipSync(text))]) {
    const { names, skipped, sample } = await readAsNames(path);
    expect([names.size, skipped, sample]).toEqual([3, 2, 'no number']);
    expect(names.nameOf(64500)).toBe('EXAMPLE-AS Example Org, DE');
    expect(names.nameOf(64502)).toBe('TABBED Name, NL');
    expect(names.nameOf(64999)).toBeUndefined();
  }
});

test("names in CAIDA's form carry the organisation's name and country", async () => {
  const path = await written(
    'org.txt',
    [
      '# name: AS Org',
      '# format:org_id|changed|org_name|country|source',
      'ORG-1|20240101|Example Organisation|DE|RIPE',
      '# format:aut|changed|aut_name|org_id|opaque_id|source',
      '64500|20240101|EXAMPLE-AS|ORG-1|x|RIPE',
      '64501|20240101|ALONE|ORG-2|x|RIPE',
    ].join('\n'),
  );
  const { names } = await readAsNames(path);
  expect(names.nameOf(64500)).toBe('EXAMPLE-AS Example Organisation, DE');
  expect(names.nameOf(64501)).toBe('ALONE');
});

test('a file that names nobody, one that is cut, and a folder are refused', async () => {
  await expect(readAsNames(await written('b.txt', '<html>no</html>\n'))).rejects.toThrow('names no network');
  const cut = gzipSync(Array.from({ length: 5000 }, (_, n) => `${n + 1} NAME-${n * 7}`).join('\n')).subarray(0, 4000);
  await expect(readAsNames(await written('c.gz', cut))).rejects.toThrow('cut short');
  await expect(readAsNames(folder)).rejects.toThrow('not a regular file');
});

test('it is read again when it changed, and a bad one leaves what was read before', async () => {
  let time = 0;
  const warned: string[] = [];
  const path = await written('d.txt', '64500 BEFORE\n');
  const source = new AsNameSource({
    path,
    now: () => new Date(time),
    log: { info: () => {}, warn: (_context, message) => void warned.push(message) },
  });
  await source.refreshIfDue();
  expect(source.nameOf(64500)).toBe('BEFORE');
  await written('d.txt', '64500 AFTER-WARDS\n');
  time += 600_000;
  await source.refreshIfDue();
  expect(source.nameOf(64500)).toBe('AFTER-WARDS');
  await written('d.txt', 'nothing');
  await utimes(path, 1, 1);
  time += 600_000;
  await source.refreshIfDue();
  expect(source.nameOf(64500)).toBe('AFTER-WARDS');
  expect(warned).toEqual(['AS names cannot be read; those read before stay in use']);
});
