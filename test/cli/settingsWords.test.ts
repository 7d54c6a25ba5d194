import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { writeBackup } from '../../src/backup/backup.js';
import { faultWords } from '../../src/cli/faultWords.js';
import { loadSettings } from '../../src/config/load.js';
import { openTestDatabase } from '../support/database.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'routewarden-settings-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function refusalOf(settings: unknown, environment: Record<string, string> = {}): string {
  const file = join(folder, 'settings.json');
  writeFileSync(file, JSON.stringify(settings));
  try {
    loadSettings(environment, { file });
  } catch (error) {
    return (error as Error).message.replaceAll(file, 'FILE');
  }
  return 'taken';
}
const from = (line: string) => `wrong settings:\n  ${line} (from file FILE)`;
const prefix = (maximumLength: number, text = '192.0.2.0/24') => ({
  watch: { prefixes: [{ prefix: text, maximumLength }] },
});

describe('a wrong setting is named in plain English, with where it came from', () => {
  test.each<[unknown, string]>([
    [{ logLevel: 'loud' }, 'logLevel: expected one of debug, info, warn, error, not "loud"'],
    [{ dataDirectory: '' }, 'dataDirectory: must not be empty'],
    [{ seed: 1.5 }, 'seed: expected a whole number, not 1.5'],
    [{ trainerConcurrency: 99 }, 'trainerConcurrency: expected at most 16, not 99'],
    [{ streams: [] }, 'streams: expected at least 1 entry'],
    [{ streams: [{ name: 5 }] }, 'streams.0.name: expected a text, not 5'],
    [{ streams: [{}] }, 'streams.0.name: is missing: expected a text'],
    [{ streams: [{ name: 'a', host: 'ripe' }] }, 'streams.0.host: expected a RIS collector, such as rrc00'],
    [{ colour: 1 }, '(top level): unknown name "colour"'],
    [{ feed: { colour: 1 } }, 'feed: unknown name "colour"'],
    [{ feed: 3 }, 'feed: expected a group of settings in braces, not 3'],
    [
      { alerts: { channels: [{ type: 'smoke', name: 'a' }] } },
      'alerts.channels.0.type: expected one of webhook, slack,',
    ],
    [{ watch: { asNumbers: [true] } }, 'watch.asNumbers.0: expected an AS number such as 64500 or AS64500'],
    [{ watch: { asNumbers: ['x'] } }, 'watch.asNumbers.0: expected an AS number such as 64500 or AS64500'],
    [prefix(20), 'watch.prefixes.0.maximumLength: expected 24 to 32, as it is of 192.0.2.0/24'],
    [prefix(33), 'watch.prefixes.0.maximumLength: expected 24 to 32, as it is of 192.0.2.0/24'],
    [
      { watch: { prefixes: ['192.0.2.0/24', '198.51.100.0/24', { prefix: '192.0.2.0/24' }] } },
      'watch.prefixes.2: 192.0.2.0/24 is declared twice: keep one of them',
    ],
    [
      { watch: { prefixes: [{ prefix: '192.0.2.0/24', path: { minimumLength: 3, maximumLength: 2 } }] } },
      'watch.prefixes.0.path.0.maximumLength: must not be below minimumLength',
    ],
  ])('%j', (settings, line) => {
    const refusal = refusalOf(settings);
    if (line.endsWith(',')) expect(refusal).toContain(line);
    else expect(refusal).toBe(from(line));
    expect(refusal).toContain('(from file FILE)');
  });

  test('a list of the environment has its name', () => {
    expect(refusalOf({}, { ROUTEWARDEN_STREAMS: '[{"name": 5}]' })).toBe(
      'wrong settings:\n  streams.0.name: expected a text, not 5 (from environment ROUTEWARDEN_STREAMS)',
    );
  });

  test('what is JSON is not said to be none', () => {
    for (const none of [[], 3, null])
      expect(refusalOf(none)).toBe(
        'the settings file FILE has no settings: expected names and values in braces, such as {"seed": 1}',
      );
  });

  test.each([prefix(24), prefix(48, '2001:db8::/32')])('%j is taken', (settings) => {
    expect(refusalOf(settings)).toBe('taken');
  });
});

test('a backup that cannot be written names the file that was asked for', async () => {
  const database = await openTestDatabase();
  const file = join(folder, 'none', 'backup.gz');
  try {
    const failed = writeBackup(database.pool, file, { program: 'test', now: () => new Date(0) });
    expect(faultWords(await failed.catch((error: unknown) => error))).toBe(`no such file: ${file}`);
  } finally {
    await database.close();
  }
});
