import { describe, expect, test } from '@jest/globals';
import { heuristic, violations } from '../../src/models/heuristic/index.js';
import { RULES } from '../../src/models/heuristic/rules.js';
import { isolationForest } from '../../src/models/isolationForest/index.js';
import { BadArtifact, type ModelKind, NotEnoughRows } from '../../src/models/model.js';
import { cut, ordinaryBlock } from './synthetic.js';

const OPTIONS = { seed: 5, falseAlarmsPerDay: 1 };
const STORM: [number, number] = [1700, 1760];
const block = ordinaryBlock(2000, 9, { storm: STORM, gaps: [100, 1650, 1651] });
const window = cut(block, 0, 1440);

function laws<M>(kind: ModelKind<M>): void {
  describe(kind.name, () => {
    let fitted: Promise<M> | undefined;
    const once = (): Promise<M> => (fitted ??= kind.fit(window, OPTIONS));

    test('same rows and seed give the same bytes, which read back to the same scores', async () => {
      const files = await kind.encode(await once());
      const again = await kind.encode(await kind.fit(window, OPTIONS));
      expect(again.map((f) => Buffer.from(f.bytes).toString('base64'))).toEqual(
        files.map((f) => Buffer.from(f.bytes).toString('base64')),
      );
      const model = await kind.decode(files);
      const scores = await kind.score(model, block, 1440);
      const fresh = await kind.score(await once(), block, 1440);
      expect(Array.from(scores.score)).toEqual(Array.from(fresh.score));
      expect(kind.threshold(model)).toBeGreaterThan(0);
    });

    test('a score does not depend on the batch, and gaps have none', async () => {
      const model = await once();
      const whole = await kind.score(model, block, 1500);
      for (const [from, to] of [
        [1500, 1501],
        [1640, 1720],
        [1990, 2000],
      ] as const) {
        const part = await kind.score(model, cut(block, from - kind.context, to), kind.context);
        expect(Array.from(part.score)).toEqual(Array.from(whole.score.slice(from - 1500, to - 1500)));
      }
      expect(whole.score[150]).toBeNaN();
      expect(whole.surprise[150]).toBeNaN();
      expect(whole.score[152]).not.toBeNaN();
    });

    test('a storm is over the threshold within five minutes and ordinary minutes are not', async () => {
      const model = await once();
      const { score } = await kind.score(model, block, 1440);
      const over = Array.from(score, (s) => s >= kind.threshold(model));
      expect(over.slice(0, STORM[0] - 1440).filter(Boolean).length).toBeLessThan(3);
      expect(over.slice(STORM[0] + 5 - 1440, STORM[1] - 1440).every(Boolean)).toBe(true);
    });

    test('explains in words, with shares that do not exceed the whole', async () => {
      const model = await once();
      const reasons = await kind.explain(model, block, 1730);
      expect(reasons.length).toBeGreaterThan(0);
      const shares = reasons.map((r) => r.share);
      expect(shares.reduce((a, b) => a + b)).toBeLessThanOrEqual(1 + 1e-9);
      expect(reasons[0]!.words).toMatch(/\d/);
      expect(reasons[0]!.value!).toBeGreaterThan(reasons[0]!.limit!);
    });

    test('refuses too few rows, an aborted fit and a broken artifact', async () => {
      await expect(kind.fit(cut(block, 0, 100), OPTIONS)).rejects.toBeInstanceOf(NotEnoughRows);
      await expect(kind.fit(window, { ...OPTIONS, signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow(
        'stop',
      );
      const files = await kind.encode(await once());
      await expect(kind.decode([])).rejects.toBeInstanceOf(BadArtifact);
      const broken = files.map((f) => ({ name: f.name, bytes: f.bytes.subarray(0, f.bytes.length - 9) }));
      await expect(kind.decode(broken)).rejects.toBeInstanceOf(BadArtifact);
    });
  });
}

laws(heuristic);
laws(isolationForest);

test('violations name the rules that a storm breaks, and few others', async () => {
  const model = await heuristic.fit(window, OPTIONS);
  const found = violations(model, block, 1440);
  const during = found.filter((v) => v.row >= STORM[0] + 3 && v.row < STORM[1]);
  expect(new Set(during.map((v) => v.rule))).toContain('announcement surge');
  expect(new Set(during.map((v) => v.rule))).toContain('withdrawal storm');
  expect(during.map((v) => v.rule)).not.toContain('silence');
  const before = found.filter((v) => v.row < STORM[0]);
  expect(before.length).toBeLessThan(0.02 * RULES.length * (STORM[0] - 1440));
});
