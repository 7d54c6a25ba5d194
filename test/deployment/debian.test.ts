import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { packageRoot } from '../../src/config/paths.js';
import { freePort } from '../../src/storage/freePort.js';

const missing = spawnSync('dpkg-deb', ['--version']).error === undefined ? null : 'dpkg-deb is not there';
const systemd = spawnSync('systemd-analyze', ['--version']).error === undefined;
const suite = missing === null ? describe : describe.skip;

suite(`the Debian package${missing === null ? '' : ` (${missing})`}`, () => {
  let folder: string;
  let file: string;
  let root: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'routewarden-debian-'));
    const words = ['packaging/deb.js', '--to', folder, '--compression', 'none'];
    file = execFileSync(process.execPath, words, { cwd: packageRoot, encoding: 'utf8' }).trim();
    root = join(folder, 'root');
    execFileSync('dpkg-deb', ['-x', file, root]);
  }, 240_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('says what it is and what it needs, and keeps the settings of who changed them', () => {
    const field = (name: string) => execFileSync('dpkg-deb', ['-f', file, name], { encoding: 'utf8' }).trim();
    expect(field('Package')).toBe('routewarden');
    expect(field('Depends')).toBe('libc6, libstdc++6, adduser');
    const control = join(folder, 'control');
    execFileSync('dpkg-deb', ['-e', file, control]);
    expect(readFileSync(join(control, 'conffiles'), 'utf8')).toBe('/etc/routewarden/routewarden.json\n');
    for (const script of ['postinst', 'prerm', 'postrm']) {
      expect(spawnSync('sh', ['-n', join(control, script)]).status).toBe(0);
      // There the program keeps clusters when root runs it: no script may open, close or remove that folder.
      const code = readFileSync(join(control, script), 'utf8').replaceAll(/^ *#.*$/gm, '');
      expect(code).not.toMatch(/\/var\/lib\/routewarden(?!-service)/);
    }
    const list = execFileSync('dpkg-deb', ['-c', file], { encoding: 'utf8', maxBuffer: 64_000_000 });
    expect(list).toMatch(/root\/root .*\.\/usr\/lib\/routewarden\/dist\/program\/collector\.js/);
    expect(list).not.toMatch(/node_modules\/(jest|typescript|playwright-core)\/|\/dist\/test\/|\.d\.ts/);
    // A link that is absolute would lead to where the package was made.
    expect(list).not.toMatch(/-> \//);
  });

  test('its units are such as systemd takes', () => {
    for (const unit of ['routewarden.service', 'routewarden@.service']) {
      const text = readFileSync(join(root, 'lib/systemd/system', unit), 'utf8');
      expect(text).toMatch(/^ExecStart=\/usr\/bin\/routewarden /m);
      expect(text).toMatch(/^User=routewarden$/m);
      expect(text).toMatch(/^StateDirectory=routewarden-service$/m);
    }
  });

  (systemd ? test : test.skip)('its units pass systemd-analyze (where installed)', () => {
    const check = spawnSync('systemd-analyze', ['verify', '--root', root, 'routewarden.service'], { encoding: 'utf8' });
    const faults = check.stderr.split('\n').filter((line) => /routewarden.*(unknown|missing|invalid)/i.test(line));
    expect(faults).toEqual([]);
  });

  test('runs from where it was unpacked, with its own Node.js and PostgreSQL, and ends on SIGTERM', async () => {
    const home = join(root, 'usr/lib/routewarden');
    const port = await freePort();
    const settings = join(folder, 'settings.json');
    const at = { dataDirectory: join(folder, 'data'), artifactDirectory: join(folder, 'artifacts') };
    writeFileSync(settings, JSON.stringify({ ...at, dashboard: { port } }));
    const words = [join(home, 'bin/routewarden.js'), '--config', settings, 'start', 'dashboard', '--log-json'];
    const system = spawn(join(home, 'node'), words, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    system.stderr.on('data', (data: Buffer) => (said += data));
    const ended = once(system, 'exit');
    for (;;) {
      if (system.exitCode !== null) throw new Error(`it ended with ${system.exitCode}: ${said}`);
      const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => null);
      if (answer?.ok === true) break;
      await new Promise((done) => setTimeout(done, 200));
    }
    system.kill('SIGTERM');
    expect((await ended)[0]).toBe(0);
  }, 120_000);
});
