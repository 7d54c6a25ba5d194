/**
 * `npm test`: builds, then lint, import rules, dead code and every test; closes with one plain line.
 *
 * `npm test -- WORDS` takes Jest's words, such as `bgp` for one folder, builds only what changed and runs those tests alone;
 * `npm run check` says the rest. With `--watch` it goes on: at each change, the tests of the words, or without words those
 * that use what changed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statfsSync, watch } from 'node:fs';
import { availableParallelism, freemem, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Four more than there are processors: most of a test is waiting for leases, timers and processes. */
const WORKERS = availableParallelism() + 4;
const SOURCES = ['src', 'queues', 'workers', 'test'];
/** An editor writes a file in several steps. */
const SETTLED_MILLISECONDS = 200;

/** What a run keeps in its folders at once, with a margin: clusters, databases and an unpacked package. */
const FOLDERS_BYTES = 6e9;
const TMPFS = 0x01021994;

/**
 * Where the tests keep their folders: in memory where it has room. Each cluster is a thousand files, and ext4 is slow to
 * make a file soon after others were deleted: an initdb takes 1.2 seconds of a processor there, and 0.3 in memory.
 */
function placeOfFolders() {
  const memory = '/dev/shm';
  if (process.env.TMPDIR !== undefined || !existsSync(memory)) return null;
  const { type, bavail, bsize } = statfsSync(memory);
  if (type !== TMPFS || bavail * bsize < FOLDERS_BYTES || freemem() < FOLDERS_BYTES) return null;
  const folder = mkdtempSync(join(memory, 'routewarden-'));
  // As root, PostgreSQL runs as another user.
  chmodSync(folder, 0o1777);
  return folder;
}

// No test speaks TLS to the world, and to read a file of 140 authorities takes more than all else of a start of Node.js.
delete process.env.NODE_EXTRA_CA_CERTS;

/** What Jest knows, such as how long a file took, outlives the run. */
const KNOWLEDGE = 'node_modules/.cache/jest';
const folders = placeOfFolders();
if (folders !== null) {
  process.env.TMPDIR = folders;
  process.once('exit', () => rmSync(folders, { recursive: true, force: true, maxRetries: 5 }));
  // Without these an interrupt would end the process at once, and leave the memory taken.
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
}

const words = process.argv.slice(2).filter((word) => word !== '--watch');
const jest = (args) => [
  'node_modules/jest/bin/jest.js',
  `--maxWorkers=${WORKERS}`,
  `--cacheDirectory=${KNOWLEDGE}`,
  ...args,
];

let passed = 0;
let failed = 0;
let skipped = 0;

function step(name, args) {
  console.log(`\n== ${name}`);
  return spawnSync(process.execPath, args, { stdio: 'inherit' }).status === 0;
}

/** Runs scripts at once, for each leaves a processor idle now and then; what each says comes when it has ended. */
async function checkAll(checks) {
  const one = async ([name, ...args]) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const said = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => said.push(part));
    const [code] = await once(child, 'close');
    console.log(`\n== ${name}`);
    process.stdout.write(Buffer.concat(said));
    if (code === 0) passed += 1;
    else failed += 1;
  };
  await Promise.all(checks.map(one));
}

async function runOnce() {
  await checkAll(
    words.length > 0
      ? [['build and types', 'build.js', '--changed']]
      : [
          ['build and types', 'build.js'],
          ['lint, import rules and dead code', 'test/check.js', '--built'],
        ],
  );

  if (failed === 0) {
    const folder = mkdtempSync(join(tmpdir(), 'routewarden-test-'));
    const outputFile = join(folder, 'results.json');
    step('tests', jest(['--json', `--outputFile=${outputFile}`, ...words]));
    try {
      const results = JSON.parse(readFileSync(outputFile, 'utf8'));
      passed += results.numPassedTests;
      failed += results.numFailedTests + results.numRuntimeErrorTestSuites;
      skipped += results.numPendingTests + results.numTodoTests;
      for (const suite of results.testResults) {
        for (const test of suite.assertionResults) {
          if (test.status === 'pending') console.log(`skipped: ${test.fullName}`);
        }
      }
    } catch (error) {
      console.error(`no test results: ${error.message}`);
      failed += 1;
    }
    rmSync(folder, { recursive: true, force: true });
  } else {
    console.error('\nthe tests were not run: fix what is above first');
  }

  console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  if (words.length > 0) console.log('lint, import rules and dead code were not looked at: `npm run check`');
  process.exitCode = failed === 0 ? 0 : 1;
}

/** The tests whose imports lead to these files; what a service of its own process runs is not seen. */
function related(outputs) {
  const roots = SOURCES.flatMap((folder) => ['--roots', resolve('dist', folder)]);
  return [...roots, '--passWithNoTests', '--findRelatedTests', ...outputs];
}

/** Builds and tests at each change, one run at a time: what changes meanwhile is for the next. */
function goOn() {
  const changed = new Set();
  let running = false;
  let timer;
  const start = () => {
    if (running || changed.size === 0) return;
    running = true;
    const outputs = [...changed].map((path) => join('dist', path.replace(/\.tsx?$/, '.js')));
    changed.clear();
    console.log('\n== build');
    if (spawnSync(process.execPath, ['build.js', '--changed'], { stdio: 'inherit' }).status !== 0) return end();
    const chosen = words.length > 0 ? words : related(outputs.filter((path) => existsSync(path)));
    spawn(process.execPath, jest(chosen), { stdio: ['ignore', 'inherit', 'inherit'] }).once('close', end);
  };
  const end = () => {
    running = false;
    console.log('\nwaiting for changes (Ctrl-C ends)');
    start();
  };
  for (const folder of SOURCES) {
    watch(folder, { recursive: true }, (_, name) => {
      if (!/\.tsx?$/.test(name ?? '')) return;
      changed.add(join(folder, name));
      clearTimeout(timer);
      timer = setTimeout(start, SETTLED_MILLISECONDS);
    });
  }
  console.log('waiting for changes (Ctrl-C ends)');
}

if (process.argv.includes('--watch')) goOn();
else await runOnce();
