import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { faultWords } from '../../src/cli/faultWords.js';
import { routewardenHere } from '../support/command.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'routewarden-words-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(['features', 'evaluate'])('%s says which file is missing, or that it is a directory', async (name) => {
  const missing = join(folder, 'missing.csv');
  const gone = await routewardenHere([name, missing], {});
  expect(gone.code).toBe(1);
  expect(gone.stderr).toContain(`no such file: ${missing}`);
  const kept = await routewardenHere([name, folder], {});
  expect(kept.code).toBe(1);
  expect(kept.stderr).toContain(`${folder} is a directory, not a file`);
});

test('a file is named once', async () => {
  const file = join(folder, 'notes.xyz');
  writeFileSync(file, 'Dear diary');
  const { stderr } = await routewardenHere(['features', file], {});
  expect(stderr.split(file)).toHaveLength(2);
  expect(stderr).toContain('of no known format');
  expect(faultWords(new Error('line 3 has 36 columns'), file)).toBe(`${file}: line 3 has 36 columns`);
});

test('faults without a path, and those that are not of files, keep their own words', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });
  expect(faultWords(refused)).toBe('connect ECONNREFUSED 127.0.0.1:1');
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  expect(faultWords(full)).toBe('ENOSPC: no space left on device, write');
  expect(faultWords(full, 'rows.csv')).toBe('no space left on the disk of rows.csv');
});

test.each(['start', 'status', 'stop', 'demo'])('%s says that its data directory is a file', async (name) => {
  const file = join(folder, 'data');
  writeFileSync(file, '');
  const { stderr, code } = await routewardenHere(['--data-directory', file, name], {});
  expect(stderr).toContain(`the data directory ${file} is a file: name a folder with --data-directory`);
  expect(code).toBe(2);
});
