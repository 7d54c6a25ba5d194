import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

test('the first `npx routewarden` in a checkout builds nothing anew under a system that runs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'routewarden-checkout-'));
  try {
    copyFileSync('build.js', join(folder, 'build.js'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    for (const needed of ['node_modules/typescript', 'dist/program'])
      mkdirSync(join(folder, needed), { recursive: true });
    const built = join(folder, 'dist/program/routewarden.js');
    writeFileSync(built, '// built');
    const asked = (npmCommand: string) =>
      spawnSync(process.execPath, ['build.js'], {
        cwd: folder,
        env: { PATH: process.env.PATH, npm_command: npmCommand },
      });
    // as npm asks when npx links the checkout into its cache
    expect(asked('exec').status).toBe(0);
    expect(existsSync(built)).toBe(true);
    // `npm ci` does build: here it finds no compiler
    expect(asked('ci').status).toBe(1);
    expect(existsSync(built)).toBe(false);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
