import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { routewarden } from '../support/command.js';
import { inOrder } from './documented.js';
import { ReadersFolder } from './readersFolder.js';

let folder: ReadersFolder;
beforeAll(async () => {
  folder = await ReadersFolder.open();
}, 60_000);
afterAll(() => folder?.close());

// Apart from run.test.ts, so that both run at the same time.
describe('every documented command that needs no running system', () => {
  test.each(inOrder('before'))(
    '$line ($where)',
    async ({ words, setting }) => {
      await folder.check(words, setting!);
    },
    120_000,
  );

  test('a command that is not there fails', async () => {
    expect((await routewarden(['no-such-command'], {}, folder.path)).code).toBe(2);
  });
});
