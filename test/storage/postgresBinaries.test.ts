import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { copied, findBinaries } from '../../src/storage/postgresBinaries.js';

const folder = mkdtempSync(join(tmpdir(), 'routewarden-binaries-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('copied programs run, are copied once a version, and are renewed when the package is upgraded', async () => {
  const original = await findBinaries(null);
  const source = dirname(dirname(dirname(original.postgres)));
  // A package of our own to upgrade: the installed one stays as it is.
  const installed = join(folder, 'package');
  cpSync(source, installed, { recursive: true, verbatimSymlinks: true });
  const programs = {
    postgres: join(installed, 'native/bin/postgres'),
    initdb: join(installed, 'native/bin/initdb'),
  };
  const homes = join(folder, 'homes');
  const first = copied(programs, homes);
  expect(execFileSync(first.postgres, ['--version'], { encoding: 'utf8' })).toBe(
    execFileSync(original.postgres, ['--version'], { encoding: 'utf8' }),
  );
  const made = statSync(first.postgres).ino;
  expect(copied(programs, homes)).toEqual(first);
  expect(statSync(first.postgres).ino).toBe(made);

  const description = join(installed, 'package.json');
  writeFileSync(description, JSON.stringify({ ...JSON.parse(readFileSync(description, 'utf8')), version: '99.0.0' }));
  writeFileSync(programs.initdb, 'of the upgrade');
  const upgraded = copied(programs, homes);
  expect(upgraded.postgres).not.toBe(first.postgres);
  expect(readFileSync(upgraded.initdb, 'utf8')).toBe('of the upgrade');
  // A server of the earlier version that still runs keeps its programs.
  expect(readFileSync(first.initdb).equals(readFileSync(original.initdb))).toBe(true);
  expect(readdirSync(homes)).toHaveLength(2);
});
