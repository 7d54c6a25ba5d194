/**
 * Makes a Debian package that needs nothing but libc: the built program, its production packages as they are locked, this
 * Node.js and units for systemd. `npm run debian [-- --to FOLDER --compression none]`; build first (`npm ci` does).
 * What it holds follows from the lock file and `files` of package.json; times are SOURCE_DATE_EPOCH, or that of the commit.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    to: { type: 'string', default: '.' },
    compression: { type: 'string', default: 'xz' },
  },
});
const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' };
const architecture = ARCHITECTURES[process.arch];
if (process.platform !== 'linux' || architecture === undefined) {
  console.error(`packages are made on Linux on x64 or arm64, not on ${process.platform} on ${process.arch}`);
  process.exit(1);
}
if (!existsSync('dist/program')) {
  console.error('dist/ is missing: run `node build.js` first');
  process.exit(1);
}
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const root = mkdtempSync(join(tmpdir(), 'routewarden-deb-'));
try {
  const home = join(root, 'usr/lib/routewarden');
  copyProgram(home);
  copyPackages(home);
  cpSync(process.execPath, join(home, 'node'), { dereference: true });
  put('usr/bin/routewarden', 'routewarden.sh', 0o755);
  put('lib/systemd/system/routewarden.service', 'routewarden.service');
  put('lib/systemd/system/routewarden@.service', 'routewarden@.service');
  put('etc/routewarden/routewarden.json', 'routewarden.json');
  put('DEBIAN/postinst', 'postinst', 0o755);
  put('DEBIAN/prerm', 'prerm', 0o755);
  put('DEBIAN/postrm', 'postrm', 0o755);
  mkdirSync(join(root, 'usr/share/doc/routewarden'), { recursive: true });
  cpSync('LICENSE', join(root, 'usr/share/doc/routewarden/copyright'));
  writeFileSync(join(root, 'DEBIAN/conffiles'), '/etc/routewarden/routewarden.json\n');
  writeFileSync(join(root, 'DEBIAN/control'), control());
  execFileSync('chmod', ['-R', 'u+rwX,go+rX,go-w', root]);
  mkdirSync(values.to, { recursive: true });
  const file = join(values.to, `routewarden_${version}_${architecture}.deb`);
  execFileSync('dpkg-deb', ['--root-owner-group', `-Z${values.compression}`, '--build', root, file], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { SOURCE_DATE_EPOCH: commitTime(), ...process.env },
  });
  console.log(file);
} finally {
  rmSync(root, { recursive: true, force: true });
}

/** What `npm pack` would take. */
function copyProgram(home) {
  const [{ files }] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--ignore-scripts', '--json'], { encoding: 'utf8' }),
  );
  for (const { path } of files) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    cpSync(path, join(home, path));
  }
}

/** Locked packages that are not for development, as they are installed; those of other platforms are not. */
function copyPackages(home) {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  for (const [path, { dev, devOptional }] of Object.entries(packages)) {
    // Nested packages come with the folder that holds them.
    if (dev === true || devOptional === true || !/^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) || !existsSync(path))
      continue;
    cpSync(path, join(home, path), {
      recursive: true,
      // Links stay as they are: resolved, they would lead to where the package was made.
      verbatimSymlinks: true,
      filter: (from) => !/\.(map|d\.ts|d\.mts|d\.cts)$/.test(from),
    });
  }
}

function put(path, from, mode = 0o644) {
  const to = join(root, path);
  mkdirSync(dirname(to), { recursive: true });
  cpSync(join('packaging/debian', from), to);
  chmodSync(to, mode);
}

function control() {
  const bytes = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath ?? entry.path, entry.name)).size, 0);
  return `Package: routewarden
Version: ${version}
Architecture: ${architecture}
Maintainer: the Routewarden project <noreply@routewarden.invalid>
Installed-Size: ${Math.ceil(bytes / 1024)}
Depends: libc6, libstdc++6, adduser
Recommends: ca-certificates
Suggests: postgresql (>= 15), redis-server
Section: net
Priority: optional
Description: BGP anomaly detector
 Watches your prefixes and the whole feed of RIPE RIS for hijacks, leaks and
 outages, with three models that vote and keep themselves current.
 Node.js, PostgreSQL and all packages come with it.
`;
}

function commitTime() {
  try {
    return execFileSync('git', ['log', '-1', '--format=%ct'], { encoding: 'utf8' }).trim();
  } catch {
    return '0'; // no repository: an unpacked tarball
  }
}
