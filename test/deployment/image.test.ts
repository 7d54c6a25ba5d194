import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { packageRoot } from '../../src/config/paths.js';
import { freePort } from '../../src/storage/freePort.js';

const there = (command: string) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
/** `1`, or a tarball of a minimal Debian, which saves two minutes. */
const asked = process.env.ROUTEWARDEN_IMAGE;
const missing = [
  ...(asked === undefined ? ['ROUTEWARDEN_IMAGE=1, since it takes some minutes'] : []),
  ...['buildah', 'debootstrap', 'dpkg-deb'].filter((command) => !there(command)),
  ...(process.getuid?.() === 0 ? [] : ['root']),
];

const HOME = '/var/lib/routewarden-service';
/** Starts the system as the container's user, looks at it, and stops it as an operator does. */
const story = (port: number) => `
export ROUTEWARDEN_DASHBOARD_PORT=${port}
routewarden start --log-json 2> /tmp/log &
for second in $(seq 90); do
  sleep 1
  routewarden status --json > /tmp/status 2> /dev/null
  grep -q '"name":"trainer"' /tmp/status && grep -q '"name":"dashboard"' /tmp/status && break
done
id -un
routewarden status --json 2> /dev/null
routewarden stop 2> /dev/null
wait $!
echo "ended $?"
`;
/**
 * The same under an engine with namespaces: loaded, run detached, looked at, stopped. Limits are named, for podman's own are
 * more than a machine without CAP_SYS_RESOURCE may give. crun 1.8 refuses hybrid cgroups: the mount is taken away in a mount
 * namespace of this script's own.
 */
const underPodman = (folder: string, image: string, port: number) => `
set -e
mountpoint -q /sys/fs/cgroup/unified && umount /sys/fs/cgroup/unified
engine() {
  podman --root ${folder}/podman --runroot ${folder}/podman-run --storage-driver vfs --cgroup-manager cgroupfs --events-backend none "$@"
}
name=$(engine load --quiet --input ${image} | sed 's/^Loaded image: //')
engine run --detach --name warden --runtime crun --network host --ulimit nofile=4096:4096 --ulimit nproc=4096:4096 \
  --env ROUTEWARDEN_DASHBOARD_PORT=${port} "$name" > /dev/null
for second in $(seq 120); do
  sleep 1
  engine exec warden routewarden status --json > ${folder}/status 2> /dev/null || continue
  grep -q '"name":"trainer"' ${folder}/status && curl -sf http://127.0.0.1:${port}/healthz > ${folder}/healthz && break
done
engine exec warden id -un
cat ${folder}/healthz && echo
cat ${folder}/status
engine stop --time 120 warden > /dev/null
echo "ended $(engine inspect warden --format '{{.State.ExitCode}}')"
engine rm warden > /dev/null
`;

const run = missing.length === 0 ? test : test.skip;
run(
  `the container image is made, and its system starts and stops, in a chroot and under podman${missing.length === 0 ? '' : ` (for want of ${missing.join(', ')})`}`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'routewarden-image-test-'));
    const buildah = (...words: string[]) => {
      const places = ['--root', join(folder, 'store'), '--runroot', join(folder, 'run'), '--storage-driver', 'vfs'];
      return execFileSync('buildah', [...places, ...words], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      }).trim();
    };
    try {
      const image = join(folder, 'image.tar');
      const base = asked === '1' ? [] : ['--base', asked!];
      const words = ['packaging/image.js', '--to', image, '--keep', folder, ...base];
      expect(
        execFileSync(process.execPath, words, { cwd: packageRoot, encoding: 'utf8', stdio: 'pipe' }).trim(),
      ).toMatch(/image\.tar$/);
      const container = buildah('from', `oci-archive:${image}`);
      const { config } = JSON.parse(buildah('inspect', container)).OCIv1;
      expect(config).toMatchObject({
        User: 'routewarden',
        WorkingDir: HOME,
        Cmd: ['routewarden', 'start', '--log-json'],
      });
      const script = story(await freePort());
      const said = buildah('run', '--isolation', 'chroot', container, '--', 'sh', '-c', script);
      const [user, status, ended] = said.split('\n').slice(-3);
      expect(user).toBe('routewarden');
      const { services } = JSON.parse(status!) as { services: { name: string; state: string }[] };
      expect(services.map(({ name }) => name)).toEqual(expect.arrayContaining(['collector', 'dashboard', 'trainer']));
      expect(ended).toBe('ended 0');

      const absent = ['podman', 'crun', 'unshare', 'curl'].filter((command) => !there(command));
      if (absent.length > 0) return console.warn(`not run under podman, for want of ${absent.join(', ')}`);
      const inPodman = execFileSync('unshare', ['--mount', 'sh', '-c', underPodman(folder, image, await freePort())], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const [who, health, listed, end] = inPodman.trim().split('\n').slice(-4);
      expect(who).toBe('routewarden');
      expect(JSON.parse(health!)).toEqual({ status: 'ok' });
      expect(
        (JSON.parse(listed!) as { services: { state: string }[] }).services.map(({ state }) => state),
      ).not.toContain('down');
      expect(end).toBe('ended 0');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  1_200_000,
);
