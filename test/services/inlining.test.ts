import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { SERVICES } from '../../src/services/catalogue.js';
import { inlining } from '../../src/services/inlining.js';

test('the services that work through messages are compiled with a wider bound, which node takes and the bench has too', () => {
  const wide = SERVICES.filter((service) => inlining(service).length > 0);
  expect(wide.map(({ name }) => name)).toEqual(['collector', 'aggregator']);
  const flags = inlining(wide[0]!);
  expect(execFileSync(process.execPath, [...flags, '-p', '1'], { encoding: 'utf8' }).trim()).toBe('1');
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: { bench: string } };
  expect(scripts.bench).toContain(flags[0]);
});
