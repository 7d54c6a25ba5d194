import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { incidentLine, NOTHING_WATCHED } from '../../bench/realFeed/incidentLine.js';
import { batchesOf } from '../../bench/realFeed/recording.js';
import { aggregated } from '../../bench/realFeed/rows.js';
import type { MinuteInput } from '../../src/incidents/minuteInput.js';

const FILE = join(process.cwd(), '../shared/data/rislive/telegram-2026.jsonl.gz');
const withData = existsSync(FILE) ? test : test.skip;
/** The second wave of the recording's truth. */
const BEGINS = Date.parse('2026-06-16T16:13:00Z') / 60_000;

withData(
  'a hijack in a feed of 34 prefixes is found without watch (skipped without ../shared/data)',
  async () => {
    const { rows } = await aggregated(batchesOf([FILE]));
    const inputs = rows.map(({ minute, kind, values, evidence }): MinuteInput => {
      return {
        minute,
        gap: kind === 'gap',
        score: null,
        threshold: null,
        anomalous: false,
        votes: {},
        values,
        evidence,
      };
    });
    const { incidents } = incidentLine(inputs, NOTHING_WATCHED);
    const [found, ...others] = incidents.filter(({ class: name }) => name === 'hijack');
    expect(others).toEqual([]);
    expect(found).toMatchObject({ subject: 'AS18101' });
    expect(['major', 'critical']).toContain(found!.severity);
    expect(found!.startedAt).toBeGreaterThanOrEqual(BEGINS);
    expect(found!.startedAt).toBeLessThanOrEqual(BEGINS + 3);
    expect(found!.culprits.origins.map(({ name }) => name)).toEqual(['AS18101']);
    expect(found!.reasons[0]!.words).toContain('taken over by AS18101');
    expect(found!.reasons[1]!.words).toContain('185.76.151.0/24 is announced by AS18101, held by AS211157 before');
  },
  120_000,
);
