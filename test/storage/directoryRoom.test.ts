import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mustTakeFiles, noDirectory, serverFault } from '../../src/storage/directoryRoom.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'routewarden-room-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** In a namespace of its own, where a disk can be as small as it likes. */
const apart = (script: string) => spawnSync('unshare', ['-rm', 'sh', '-c', script], { encoding: 'utf8' });
const withNamespaces = apart('mount -t tmpfs none /mnt').status === 0 ? test : test.skip;

const lock = new URL('../../src/storage/directoryLock.js', import.meta.url).href;
const take = `node --input-type=module -e 'const { DirectoryLock } = await import("${lock}");
  await DirectoryLock.take(process.argv[1]).then(() => console.log("taken"), ({ message }) => console.log(message))'`;

withNamespaces(
  'a full disk and a read-only one are named as such, with what to do',
  () => {
    const said = (mounting: string) => apart(`${mounting} && ${take} ${folder}`).stdout;
    expect(said(`mount -t tmpfs -o size=1m none ${folder}`)).toBe('taken\n');
    expect(
      said(`mount -t tmpfs -o size=1m none ${folder} && { cat /dev/zero > ${folder}/fill 2>/dev/null || true; }`),
    ).toContain(`the data directory ${folder} has no space left on its disk: make room, or choose another`);
    expect(apart(`mount -t tmpfs -o ro none ${folder} && ${take} ${folder}/new`).stdout).toContain(
      `the data directory ${folder}/new is on a read-only file system: make it writable, or choose another`,
    );
    expect(said(`mount -t tmpfs -o ro none ${folder}`)).toContain(
      `the data directory ${folder} is on a read-only file system: make it writable, or choose another`,
    );
  },
  30_000,
);

test('what can be no directory is said in words, and a missing one can become one', () => {
  const at = (name: string) => join(folder, name);
  writeFileSync(at('file'), '');
  for (const [name, to] of [
    ['link', 'file'],
    ['dangling', 'nowhere'],
    ['loop', 'loop'],
    ['right', '.'],
  ] as const) {
    symlinkSync(to, at(name));
  }
  const said = ['file', 'file/x', 'link', 'dangling', 'loop', 'x'.repeat(300), 'right', 'missing/parent', ''].map(
    (name) => noDirectory(at(name)),
  );
  expect(said).toEqual([
    'is a file',
    'has a file in its path',
    'is a link to a file',
    'is a link to nothing',
    'is a link that leads back to itself',
    'has a name that is too long',
    null,
    null,
    null,
  ]);
  for (const name of readdirSync(folder)) rmSync(at(name));
});

test('what tries the directory leaves nothing in it', () => {
  mustTakeFiles(folder);
  expect(readdirSync(folder)).toEqual([]);
});

test('a full disk is said of PostgreSQL too, which may be on another', () => {
  const words = 'FATAL:  could not write lock file "postmaster.pid": No space left on device';
  expect(serverFault(words, '/var/lib/x/postgres').message).toContain('/var/lib/x has no space left on its disk');
  expect(serverFault('FATAL:  other', '/var/lib/x').message).toBe('FATAL:  other');
});
