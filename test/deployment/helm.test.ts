import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { packageRoot } from '../../src/config/paths.js';
import { settingsSchema } from '../../src/config/settings.js';

const helm = process.env.HELM ?? 'helm';
const there = spawnSync(helm, ['version', '--short']).status === 0;
const chart = join(packageRoot, 'packaging/helm');
const TOKEN = '0123456789abcdef';

function rendered(...values: string[]): { status: number | null; stdout: string; stderr: string } {
  const words = ['template', 'wren', chart, ...values.flatMap((value) => ['--set', value])];
  return spawnSync(helm, words, { encoding: 'utf8' });
}

/** `kind name` of each document. */
const documents = (yaml: string) =>
  yaml
    .split(/^---$/m)
    .filter((text) => /^kind:/m.test(text))
    .map((text) => `${/^kind: (\S+)/m.exec(text)?.[1]} ${/^ {2}name: (\S+)/m.exec(text)?.[1]}`);

const suite = there ? describe : describe.skip;
suite(`the Helm chart${there ? '' : ' (for want of helm on the PATH, or HELM)'}`, () => {
  test('passes helm lint', () => {
    const { status, stdout } = spawnSync(helm, ['lint', chart, '--set', `dashboardToken=${TOKEN}`], {
      encoding: 'utf8',
    });
    expect([status, stdout]).toEqual([0, expect.stringContaining('0 chart(s) failed')]);
  });

  test('is rendered with a token alone, and its settings are such as the program takes', () => {
    const { status, stdout } = rendered(`dashboardToken=${TOKEN}`, 'settings.watch.asNumbers={AS64500}');
    expect(status).toBe(0);
    expect(documents(stdout)).toEqual(['Secret wren-settings', 'Secret wren-keys', 'Service wren', 'StatefulSet wren']);
    const text = JSON.parse(/^ {2}routewarden\.json: (".*")$/m.exec(stdout)![1]!);
    const given = JSON.parse(text);
    // the token comes by the environment
    const settings = settingsSchema.parse({ ...given, dashboard: { ...given.dashboard, token: TOKEN } });
    expect(settings.watch.asNumbers).toEqual([64500]);
    expect(settings.dashboard).toMatchObject({ host: '0.0.0.0', port: 8787 });
    expect(stdout).toMatch(/image: routewarden:0\.1\.0$/m);
    // the user that the package makes in the image, and a root that nobody writes to
    expect(stdout).toContain('runAsUser: 100');
    expect(stdout).toContain('readOnlyRootFilesystem: true');
  });

  test('a given secret takes the place of its own, and trainers need stores that they can reach', () => {
    const given = rendered('existingSecret=keys', 'trainers=3');
    expect(documents(given.stdout)).toContain('Deployment wren-trainer');
    expect(documents(given.stdout)).not.toContain('Secret wren-keys');
    expect(given.stdout).toContain('name: keys, key: dashboard-token');
    const alone = rendered(`dashboardToken=${TOKEN}`, 'trainers=3');
    expect([alone.status, alone.stderr]).toEqual([
      1,
      expect.stringContaining('trainers need databaseUrl and redisUrl'),
    ]);
    expect(rendered().stderr).toContain('set dashboardToken');
  });
});
