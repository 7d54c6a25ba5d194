import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';

test('a process that logs to a reader that is gone goes on, and comes to its end', async () => {
  const output = pathToFileURL('dist/src/services/logOutput.js').href;
  const script = `const { pino } = await import('pino');
    const { logOutput } = await import(${JSON.stringify(output)});
    const logger = pino({}, logOutput(2));
    process.stdin.once('data', () => { logger.warn('nobody reads'); process.exit(7); });
    console.log('ready');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'pipe'] });
  await once(child.stdout, 'data');
  child.stderr.destroy();
  child.stdin.write('go');
  expect(await once(child, 'exit')).toEqual([7, null]);
}, 20_000);
