/**
 * Known weaknesses of the locked packages, for CI: `node dist/test/deployment/audit.js`. Exit code 1 for one of high or
 * critical severity in what is shipped; 0 with a word when the registry cannot be asked, so that CI works offline.
 */
import { spawnSync } from 'node:child_process';
import { z } from 'zod';

const report = z.looseObject({
  metadata: z.looseObject({
    vulnerabilities: z.looseObject({ high: z.number(), critical: z.number(), total: z.number() }),
  }),
});

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { encoding: 'utf8', timeout: 60_000 });
let answer: unknown = null;
try {
  answer = JSON.parse(stdout ?? '');
} catch {
  // No JSON is no answer: told below.
}
const parsed = report.safeParse(answer);
if (!parsed.success) {
  console.log('dependency audit: not possible here, the registry gave no answer');
} else {
  const { high, critical, total } = parsed.data.metadata.vulnerabilities;
  console.log(`dependency audit: ${total} known weaknesses, ${high} high, ${critical} critical`);
  if (high + critical > 0) process.exitCode = 1;
}
