import { expect, test } from '@jest/globals';
import { pino } from 'pino';
import { secretHider } from '../../src/config/redaction.js';
import { boundedLog } from '../../src/services/boundedLog.js';

const isPrintable = (letter: string) => letter >= ' ' && letter <= '~';

function open() {
  const lines: Record<string, unknown>[] = [];
  const clock = { now: 0 };
  const hide = secretHider({ databaseUrl: 'postgres://warden:a-secret-word@db/x' });
  const write = (text: string) => void lines.push(JSON.parse(text));
  const logger = pino({ ...boundedLog(hide, () => clock.now), base: null }, { write });
  return { lines, clock, logger };
}

test('a feed that sends megabytes of errors leaves thirty short lines a minute, and their number', () => {
  const { lines, clock, logger } = open();
  const message = `x${'\u001b[2J\nroot: all is well\u202e'.repeat(10_000)}`;
  for (let i = 0; i < 5_000; i += 1) logger.warn({ message }, 'RIS Live sent an error');
  expect(lines).toHaveLength(30);
  expect(JSON.stringify(lines).length).toBeLessThan(30 * 5_000);
  for (const { message: logged } of lines) expect([...String(logged)].every(isPrintable)).toBe(true);
  logger.warn('something else');
  clock.now = 60_000;
  logger.warn({ message }, 'RIS Live sent an error');
  expect(lines.slice(30).map(({ msg }) => msg)).toEqual([
    'something else',
    '4970 further lines like the next were left out',
    'RIS Live sent an error',
  ]);
});

test('secrets, control letters and endless objects reach no line, in words, facts or errors', () => {
  const { lines, logger } = open();
  const error = new Error(`cannot reach a-secret-word\u0007 ${'y'.repeat(5_000)}`);
  const deep = { list: Array.from({ length: 10_000 }, (_, i) => i), inner: { password: 'a-secret-word' } };
  logger.error({ err: error, error: error.message, deep, count: 7, at: new Date(0) }, 'a-secret-word \u001b[31mred');
  const [line] = lines;
  expect(line).toMatchObject({ msg: '(hidden) \\u001b[31mred', count: 7, at: '1970-01-01T00:00:00.000Z' });
  expect(line).toMatchObject({ err: { type: 'Error', stack: expect.stringContaining('(hidden)') } });
  expect(JSON.stringify(line)).not.toContain('a-secret-word');
  expect([...String(line!.error)].every(isPrintable)).toBe(true);
  expect(JSON.stringify(line).length).toBeLessThan(6_000);
});
