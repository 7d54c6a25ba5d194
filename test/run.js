/**
 * `npm test`: builds, then lint, import rules, dead code and every test; closes with one plain line. Further arguments go to Jest,
 * such as `npm test -- bgp` for one folder.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';

/** One more than there are processors: much of a test is waiting for leases and processes. */
const WORKERS = availableParallelism() + 1;

let passed = 0;
let failed = 0;
let skipped = 0;

function step(name, args, env = {}) {
  console.log(`\n== ${name}`);
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  return status === 0;
}

function check(name, args) {
  if (step(name, args)) passed += 1;
  else failed += 1;
}

check('build and types', ['build.js']);
check('lint, import rules and dead code', ['test/check.js', '--built']);

if (failed === 0) {
  const folder = mkdtempSync(join(tmpdir(), 'routewarden-test-'));
  const outputFile = join(folder, 'results.json');
  step('tests', [
    'node_modules/jest/bin/jest.js',
    `--maxWorkers=${WORKERS}`,
    '--json',
    `--outputFile=${outputFile}`,
    ...process.argv.slice(2),
  ]);
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
process.exitCode = failed === 0 ? 0 : 1;
