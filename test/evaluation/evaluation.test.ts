import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { evaluate, scoresCsv } from '../../src/evaluation/evaluation.js';
import { readLabelledMinutes, rowsOf, trainingRows } from '../../src/evaluation/labelledMinutes.js';
import { detectionOf, rankingOf, stretchesOf } from '../../src/evaluation/metrics.js';
import { plotHtml } from '../../src/evaluation/plot.js';
import { KINDS } from '../../src/models/kinds.js';

const DATA = '../shared/data/features';
const YARDSTICK = '../shared/yardsticks/ranking_metrics.py';
const FAST = { kinds: KINDS.filter((k) => k.name !== 'lstm'), seed: 1, falseAlarmsPerDay: 0.5 };
const withData = existsSync(`${DATA}/Slammer.csv`) ? test : test.skip;

const read = (name: string) => readLabelledMinutes(readFileSync(`${DATA}/${name}.csv`, 'utf8'));

describe('the command', () => {
  const exit = (...given: string[]) =>
    spawnSync('node', ['bin/routewarden.js', 'evaluate', ...given], { encoding: 'utf8' });

  test('tells wrong usage (2) from a file that cannot be read (1)', () => {
    expect(exit().status).toBe(2);
    expect(exit('some.csv', '--replay-db')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('a FILE.csv or --replay-db'),
    });
    expect(exit('no-such-file.csv')).toMatchObject({ status: 1, stderr: expect.stringContaining('no-such-file.csv') });
  });
});

describe('metrics', () => {
  test('of a hand-counted ranking', () => {
    const quality = rankingOf([0.9, 0.8, 0.7, 0.6], [1, 0, 1, 0]);
    expect(quality.auc).toBeCloseTo(0.75);
    expect(quality.average_precision).toBeCloseTo((1 + 2 / 3) / 2);
    expect(quality.best_f1).toBeCloseTo(0.8);
    expect(quality.best_threshold).toBe(0.7);
  });

  test('AUC is the share of pairs in the right order, ties half', () => {
    const pair = fc.record({ score: fc.integer({ min: 0, max: 5 }), label: fc.integer({ min: 0, max: 1 }) });
    fc.assert(
      fc.property(fc.array(pair, { minLength: 2, maxLength: 30 }), (pairs) => {
        const up = pairs.filter((p) => p.label === 1);
        const down = pairs.filter((p) => p.label === 0);
        fc.pre(up.length > 0 && down.length > 0);
        let right = 0;
        for (const a of up) for (const b of down) right += a.score > b.score ? 1 : a.score === b.score ? 0.5 : 0;
        const auc = rankingOf(
          pairs.map((p) => p.score),
          pairs.map((p) => p.label),
        ).auc;
        expect(auc).toBeCloseTo(right / (up.length * down.length), 10);
      }),
    );
  });

  test('alarms, latency and stretches', () => {
    const labels = new Uint8Array(1440).fill(0, 0).fill(1, 1000, 1100);
    const anomalous = new Uint8Array(1440).fill(1, 100, 102).fill(1, 110, 111).fill(1, 1007, 1100);
    const found = detectionOf(anomalous, labels);
    expect(found).toMatchObject({ detected: true, latency_minutes: 7, recall: 0.93 });
    expect(found.false_alarms_per_day).toBeCloseTo(1440 / 1340);
    expect(stretchesOf([1, 0, 1, 0, 0, 1], 1)).toEqual([
      { first: 0, last: 2 },
      { first: 5, last: 5 },
    ]);
    expect(detectionOf(new Uint8Array(10), new Uint8Array(10)).detected).toBeNull();
  });

  const yardstick = existsSync(YARDSTICK) && existsSync('/usr/bin/python3') ? test : test.skip;
  yardstick('equal scikit-learn (skipped without ../shared/yardsticks and python3-sklearn)', () => {
    const scores = Float64Array.from({ length: 500 }, (_, i) => Math.round(10 * Math.sin(i * 1.7)) + (i % 7));
    const labels = Uint8Array.from({ length: 500 }, (_, i) => (Math.sin(i * 1.7) + Math.cos(i) > 0.8 ? 1 : 0));
    const folder = mkdtempSync(join(tmpdir(), 'metrics-'));
    try {
      const rows = Array.from(scores, (s, i) => `${labels[i]},${s}`);
      writeFileSync(join(folder, 's.csv'), `label,s\n${rows.join('\n')}\n`);
      const said = JSON.parse(String(execFileSync('/usr/bin/python3', [YARDSTICK, join(folder, 's.csv'), 's'])));
      const ours = rankingOf(scores, labels);
      expect(ours.auc).toBeCloseTo(said.auc, 9);
      expect(ours.average_precision).toBeCloseTo(said.average_precision, 9);
      expect(ours.best_f1).toBeCloseTo(said.best_f1, 9);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('labelled minutes', () => {
  const line = (hour: number, minute: number, label: number): string =>
    [0, hour, minute, 0, ...new Array<number>(37).fill(1), label].join(',');

  test('reads rows, wraps midnight, leaves jumps out and skips what is no row', () => {
    const data = readLabelledMinutes([line(23, 59, -1), 'time,of,day', line(0, 0, 1), line(0, 5, -1)].join('\n'));
    expect(Array.from(data.block.minutes)).toEqual([1439, 1440, 1445]);
    expect(Array.from(data.labels)).toEqual([0, 1, 0]);
    expect(data).toMatchObject({ skipped: 1, sample: 'time,of,day' });
    expect(() => readLabelledMinutes('a,b')).toThrow(/42 numbers.*a,b/);
  });

  test('reads other shapes of the same file', () => {
    const plain = readLabelledMinutes([line(0, 0, -1), line(0, 1, 1)].join('\n'));
    const names = Array.from({ length: 42 }, (_, i) => `name ${i}`);
    for (const text of [
      [names.join(','), line(0, 0, 0), line(0, 1, 1)].join('\r\n'),
      [`\ufeff${line(0, 0, -1)}`, line(0, 1, 1), ''].join('\n'),
      [line(0, 0, -1), line(0, 1, 1)].join('\n').replaceAll(',', ';'),
      [line(0, 0, -1), line(0, 1, 1)].join('\n').replaceAll(',', '\t'),
      [line(0, 0, -1), line(0, 1, 1)].map((row) => row.replace(/[^,]+/g, '"$&"')).join('\n'),
      [line(0, 0, -1), line(0, 1, 1)].map((row) => row.split(',').slice(4).join(',')).join('\n'),
    ]) {
      expect(readLabelledMinutes(text)).toEqual(plain);
    }
    const bare = readLabelledMinutes(
      [line(0, 0, -1), line(0, 1, 1)].map((l) => l.split(',').slice(4, -1).join()).join('\n'),
    );
    expect(bare).toEqual({ ...plain, labels: Uint8Array.of(0, 0) });
    expect(() => readLabelledMinutes([line(0, 0, -1), line(0, 1, 7)].join('\n'))).toThrow(/line 2: the label is 7/);
    expect(() => readLabelledMinutes('')).toThrow(/file is empty/);
  });

  test('training ends a day before the first label, half way without one', () => {
    expect(trainingRows(new Uint8Array(7200).fill(1, 3211, 4080))).toBe(3211 - 1440);
    expect(trainingRows(new Uint8Array(1440))).toBe(720);
    expect(trainingRows(new Uint8Array(3000).fill(1, 900))).toBe(600);
    expect(trainingRows(new Uint8Array(3000).fill(1, 600))).toBe(480);
    expect(trainingRows(new Uint8Array(3000).fill(1, 300))).toBe(300);
  });
});

describe('evaluation', () => {
  test('a kind with too few minutes to train on drops out by name; with none left it is refused', async () => {
    const minutes = Array.from({ length: 700 }, (_, row) => [
      0,
      Math.floor(row / 60),
      row % 60,
      0,
      ...Array.from({ length: 37 }, (_, c) => (row * (c + 3)) % 11),
      row < 300 ? -1 : 1,
    ]);
    const data = readLabelledMinutes(minutes.map((row) => row.join(',')).join('\n'));
    const told: string[] = [];
    const { evaluation } = await evaluate(data, null, { ...FAST, kinds: KINDS, onProgress: (m) => void told.push(m) });
    expect(evaluation).toMatchObject({ train_minutes: 300, missing: ['lstm'] });
    expect(Object.keys(evaluation.models)).toEqual(['heuristic', 'isolation_forest']);
    expect(evaluation.ensemble.auc).toBeNull();
    expect(told.join('\n')).toMatch(/lstm: not trained, 300 minutes of at least 480/);
    const late = { ...data, labels: data.labels.map((_, row) => (row < 100 ? 0 : 1)) };
    await expect(evaluate(late, null, FAST)).rejects.toThrow(
      /only 100 minutes come before the first labelled one.*240/,
    );
  });

  withData('neither labels nor test minutes reach the models (skipped without ../shared/data)', async () => {
    const data = read('Slammer');
    const trained = trainingRows(data.labels);
    const labels = data.labels.map((l, row) => (row > 3211 ? 1 - l : l));
    const values = data.block.values.map((v, i) => (i >= trained * 37 ? v * 3 + 1 : v));
    const other = { ...data, labels, block: { ...data.block, values } };
    expect(trainingRows(labels)).toBe(trained);
    const { walked } = await evaluate(data, null, FAST);
    const { walked: changed } = await evaluate(other, null, FAST);
    for (const kind of FAST.kinds) {
      expect(changed.models[kind.name]!.threshold).toBe(walked.models[kind.name]!.threshold);
      const bytes = await Promise.all(
        [data, other].map(async (d) => kind.encode(await kind.fit(rowsOf(d.block, 0, trained), FAST))),
      );
      expect(bytes[1]!.map((f) => Buffer.from(f.bytes).toString('hex'))).toEqual(
        bytes[0]!.map((f) => Buffer.from(f.bytes).toString('hex')),
      );
    }
    expect(changed.ensemble.threshold).toBe(walked.ensemble.threshold);
    const relabelled = await evaluate({ ...data, labels }, null, FAST);
    expect(Buffer.from(relabelled.walked.ensemble.score.buffer).equals(Buffer.from(walked.ensemble.score.buffer))).toBe(
      true,
    );
  });

  withData('a score depends on no later minute', async () => {
    const data = read('Slammer');
    const { walked } = await evaluate(data, null, FAST);
    const trained = trainingRows(data.labels);
    const shorter = {
      ...data,
      labels: data.labels.subarray(0, 3500),
      block: rowsOf(data.block, 0, 3500),
    };
    const { walked: cut } = await evaluate(shorter, trained, FAST);
    expect(Array.from(cut.ensemble.score)).toEqual(Array.from(walked.ensemble.score.subarray(0, 3500 - trained)));
  });

  withData('rules and forest find both worms soon, and ordinary days are left alone', async () => {
    for (const [name, auc] of [
      ['Slammer', 0.99],
      ['Nimda', 0.96],
    ] as const) {
      const { ensemble } = (await evaluate(read(name), null, FAST)).evaluation;
      expect(ensemble.auc!).toBeGreaterThan(auc);
      expect(ensemble.detected).toBe(true);
      expect(ensemble.false_alarms_per_day_before!).toBeLessThanOrEqual(1);
    }
    const { ensemble } = (await evaluate(read('RIPE_regular'), null, FAST)).evaluation;
    expect(ensemble.auc).toBeNull();
    expect(ensemble.false_alarms_per_day).toBeLessThanOrEqual(1);
  });

  withData(
    'half a day of BCNET, with all three models as the command runs them, raises no alarm in the other half',
    () => {
      const said = execFileSync('node', ['bin/routewarden.js', 'evaluate', `${DATA}/BCNET_regular.csv`, '--json'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const { ensemble, models } = JSON.parse(said.trim().split('\n').at(-1)!);
      expect(Object.keys(models)).toEqual(['heuristic', 'isolation_forest', 'lstm']);
      expect(ensemble.false_alarms_per_day).toBe(0);
    },
  );

  withData('writes the measured minutes and a page', async () => {
    const data = read('BCNET_regular');
    const { walked, labels, firstRow, evaluation } = await evaluate(data, null, FAST);
    const minutes = data.block.minutes.subarray(firstRow);
    const lines = scoresCsv(walked, labels, minutes).trim().split('\n');
    expect(lines[0]).toBe('minute,label,heuristic,isolation_forest,lstm,ensemble,verdict');
    expect(lines).toHaveLength(evaluation.test_minutes + 1);
    expect(lines[1]!.split(',')[4]).toBe('NaN');
    const page = plotHtml('a<b.csv', walked, labels, minutes);
    expect(page).toContain('ensemble');
    expect(page).not.toContain('<b.csv');
  });
});
