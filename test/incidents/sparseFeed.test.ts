import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { incidentLine, NOTHING_WATCHED } from '../../bench/realFeed/incidentLine.js';
import { batchesOf } from '../../bench/realFeed/recording.js';
import { aggregated } from '../../bench/realFeed/rows.js';
import { watchLine } from '../../bench/realFeed/watchLine.js';
import type { MinuteInput } from '../../src/incidents/minuteInput.js';

const FILE = join(process.cwd(), '../shared/data/rislive/telegram-2026.jsonl.gz');
const withData = existsSync(FILE) ? test : test.skip;
/** The first and the second wave of the recording's truth. */
const FIRST = Date.parse('2026-06-16T07:08:00Z') / 60_000;
const BEGINS = Date.parse('2026-06-16T16:13:00Z') / 60_000;

const NETWORKS = ['62041', '59930', '62014', '211157', '44907'];

async function inputsOf(): Promise<MinuteInput[]> {
  const { rows } = await aggregated(batchesOf([FILE]));
  return rows.map(({ minute, kind, values, evidence }): MinuteInput => {
    return { minute, gap: kind === 'gap', score: null, threshold: null, anomalous: false, votes: {}, values, evidence };
  });
}
let inputs: Promise<MinuteInput[]> | undefined;

withData(
  'a hijack in a feed of 34 prefixes is found without watch (skipped without ../shared/data)',
  async () => {
    const { incidents } = incidentLine(await (inputs ??= inputsOf()), NOTHING_WATCHED);
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

withData(
  'with watch it is found from its first minute on, once (skipped without ../shared/data)',
  async () => {
    const watched = { prefixes: [], networks: NETWORKS };
    const watch = await watchLine(batchesOf([FILE]), watched);
    const { incidents, changes } = incidentLine(await (inputs ??= inputsOf()), watched, watch);
    const found = incidents.filter(({ subject }) => subject.startsWith('AS18101'));
    expect(found).toMatchObject([{ subject: 'AS18101 new origin', class: 'hijack', severity: 'critical' }]);
    const [opened] = changes.filter(({ incident }) => incident.subject === 'AS18101 new origin');
    expect([opened!.type, opened!.minute]).toEqual(['opened', FIRST]);
    expect(found[0]!.startedAt).toBe(FIRST);
    expect(found[0]!.endedAt).toBeGreaterThan(Date.parse('2026-06-16T21:12:00Z') / 60_000);
    expect(found[0]!.detail.watched.map(({ prefix }) => prefix)).toContain('185.76.151.0/24');
  },
  120_000,
);
