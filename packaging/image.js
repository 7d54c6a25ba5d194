/**
 * Makes a container image without a registry: Debian by debootstrap, and the Debian package of this program in it. `npm run image
 * [-- --to FILE --base TARBALL --try doctor|demo]`. Needs root, buildah and debootstrap; build first (`npm ci` does).
 * Steps run in a chroot on plain folders (`--isolation chroot`, driver vfs), which needs neither namespaces nor overlay mounts.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    to: { type: 'string', default: 'routewarden-image.tar' },
    base: { type: 'string' },
    suite: { type: 'string', default: 'bookworm' },
    try: { type: 'string' },
    keep: { type: 'string' },
  },
});
const missing = ['buildah', 'dpkg-deb', ...(values.base === undefined ? ['debootstrap'] : [])].filter(
  (command) => spawnSync('sh', ['-c', `command -v ${command}`]).status !== 0,
);
if (process.getuid?.() !== 0) missing.push('root');
if (missing.length > 0) {
  console.error(`no image is made, for want of ${missing.join(', ')}`);
  process.exit(1);
}
const HOME = '/var/lib/routewarden-service';
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const folder = mkdtempSync(join(values.keep ?? tmpdir(), 'routewarden-image-'));
const buildah = (...words) => {
  const places = ['--root', join(folder, 'store'), '--runroot', join(folder, 'run'), '--storage-driver', 'vfs'];
  return execFileSync('buildah', [...places, ...words], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  }).trim();
};
try {
  const container = buildah('from', 'scratch');
  const inside = (...words) => buildah('run', '--isolation', 'chroot', ...words);
  buildah('add', container, values.base === undefined ? debian() : resolve(values.base), '/');
  const file = execFileSync(process.execPath, ['packaging/deb.js', '--to', folder, '--compression', 'none'], {
    encoding: 'utf8',
  }).trim();
  buildah('copy', container, file, '/tmp/routewarden.deb');
  // dpkg alone: the package needs only what a minimal Debian has
  inside(container, '--', 'sh', '-c', 'dpkg -i /tmp/routewarden.deb && rm /tmp/routewarden.deb');
  buildah(
    'config',
    ...['--user', 'routewarden', '--workingdir', HOME, '--volume', HOME, '--port', '8787'],
    ...['--cmd', '["routewarden","start","--log-json"]', '--stop-signal', 'SIGTERM'],
    ...['--label', `org.opencontainers.image.version=${version}`],
    container,
  );
  if (values.try !== undefined) tried(inside, container, values.try);
  const to = resolve(values.to);
  rmSync(to, { force: true });
  buildah('commit', '--timestamp', commitTime(), container, `oci-archive:${to}:routewarden:${version}`);
  console.log(to);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** @returns a tarball of a minimal Debian */
function debian() {
  const root = join(folder, 'debian');
  execFileSync('debootstrap', ['--variant=minbase', values.suite, root], { stdio: ['ignore', 'ignore', 'inherit'] });
  const tarball = join(folder, 'debian.tar');
  // lists and packages of apt are no part of what runs; nor may the makers' mirror be
  const without = ['./var/cache/apt/archives/*.deb', './var/lib/apt/lists/*', './etc/apt/sources.list', './dev/*'];
  execFileSync('tar', ['-C', root, ...without.map((path) => `--exclude=${path}`), '-cf', tarball, '.']);
  rmSync(root, { recursive: true, force: true });
  return tarball;
}

/** Runs a command in the container as its user does, and lets its output through. */
function tried(inside, container, what) {
  const words = {
    doctor: ['routewarden', 'doctor', '--json'],
    demo: ['routewarden', 'demo', '--exit', '--json', '--port', '0'],
  }[what];
  if (words === undefined) throw new Error(`--try ${what}: expected doctor or demo`);
  const user = ['--user', 'routewarden', '--workingdir', HOME];
  // where no service has run, `doctor` ends with 1: that is its right answer, and that it gave one is what is tried
  const command = what === 'doctor' ? `${words.join(' ')} || test $? = 1` : words.join(' ');
  console.log(inside(...user, container, '--', 'sh', '-c', command));
}

function commitTime() {
  if (process.env.SOURCE_DATE_EPOCH !== undefined) return process.env.SOURCE_DATE_EPOCH;
  return existsSync('.git') ? execFileSync('git', ['log', '-1', '--format=%ct'], { encoding: 'utf8' }).trim() : '0';
}
