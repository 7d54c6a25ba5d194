import { describe, expect, test } from '@jest/globals';
import { Detector } from '../../../src/models/lstm/detector.js';
import { FusedEngine } from '../../../src/models/lstm/engineFused.js';
import { TfjsEngine } from '../../../src/models/lstm/engineTfjs.js';
import { createLstm } from '../../../src/models/lstm/index.js';
import { STEPS, windowStarts } from '../../../src/models/lstm/windows.js';
import { BadArtifact, NotEnoughRows } from '../../../src/models/model.js';
import { block, cut } from './rows.js';

const kind = createLstm(new FusedEngine());
const settings = { epochs: 4, windowsPerEpoch: 256, hidden: 16 };
const options = { seed: 7, falseAlarmsPerDay: 1, settings };
const window = block(1500, 1);
const fitted = kind.fit(window, options);

describe('windows', () => {
  test('cross neither gaps nor missing minutes', () => {
    const rows = block(200, 2);
    rows.usable[70] = 0;
    for (let row = 130; row < 200; row++) rows.minutes[row]! += 3;
    const starts = windowStarts(rows);
    expect(starts.length).toBe(70 - STEPS + 1 + (130 - 71 - STEPS + 1) + (70 - STEPS + 1));
    for (const start of starts) {
      expect(rows.minutes[start + STEPS - 1]! - rows.minutes[start]!).toBe(STEPS - 1);
      expect(rows.usable.subarray(start, start + STEPS)).not.toContain(0);
    }
    expect(windowStarts(rows, 150)).toEqual(starts.filter((s) => s + STEPS - 1 >= 150));
  });
});

describe('fit', () => {
  test('the same rows and seed give the same bytes, whatever the threads; another seed gives others', async () => {
    const bytes = async (seed: number, threads: number): Promise<string> => {
      const model = await kind.fit(window, { ...options, seed, settings: { ...settings, threads } });
      return (await kind.encode(model)).map((f) => Buffer.from(f.bytes).toString('base64')).join(' ');
    };
    const first = await bytes(7, 1);
    expect(await bytes(7, 2)).toBe(first);
    expect(await bytes(8, 1)).not.toBe(first);
  });

  test('refuses too few rows and stops when aborted', async () => {
    await expect(kind.fit(block(200, 1), options)).rejects.toThrow(NotEnoughRows);
    const abort = new AbortController();
    const reason = new Error('the lease is gone');
    const fit = kind.fit(window, { ...options, signal: abort.signal, onProgress: () => abort.abort(reason) });
    await expect(fit).rejects.toBe(reason);
  });

  test('gives the event loop its turns while it trains', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 5);
    await kind.fit(window, { ...options, settings: { ...settings, epochs: 4, windowsPerEpoch: 1024, hidden: 32 } });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
  });

  test('a warm start begins where the previous version ended', async () => {
    const previous = await fitted;
    const losses: number[] = [];
    const warm = { ...settings, epochs: 5, warmEpochShare: 0.2 };
    await kind.fit(window, { ...options, settings: warm, previous, onProgress: (p) => p.loss && losses.push(p.loss) });
    const cold: number[] = [];
    await kind.fit(window, {
      ...options,
      settings: { ...settings, epochs: 1 },
      onProgress: (p) => p.loss && cold.push(p.loss),
    });
    expect(losses).toHaveLength(1);
    expect(losses[0]!).toBeLessThan(cold[0]!);
  });
});

describe('score', () => {
  test('a minute scores the same bytes in any batch', async () => {
    const model = await fitted;
    const rows = block(300, 3);
    const whole = await kind.score(model, rows, kind.context);
    for (const row of [kind.context, 111, 150, 299]) {
      const alone = await kind.score(model, cut(rows, row - kind.context, row + 1), kind.context);
      expect(alone.score[0]).toBe(whole.score[row - kind.context]);
    }
    expect(Array.from(whole.score).every(Number.isFinite)).toBe(true);
    const many = await kind.scoreMany([200, 100].map((from) => ({ model, block: rows, from })));
    expect(many[0]!.score).toEqual(whole.score.slice(200 - kind.context));
    expect(many[1]!.surprise).toEqual(whole.surprise.slice(100 - kind.context));
  });

  test('a gap, and the half hour after it, cannot be scored', async () => {
    const rows = block(200, 3);
    rows.usable[100] = 0;
    const { score } = await kind.score(await fitted, rows, 0);
    score.forEach((s, row) => {
      expect(Number.isNaN(s)).toBe(row < STEPS - 1 || (row >= 100 && row < 100 + STEPS));
    });
  });

  test('a storm rises above the threshold and is explained by what stormed', async () => {
    const model = await fitted;
    const rows = block(400, 4, 300);
    const { score, surprise } = await kind.score(model, rows, kind.context);
    const at = (row: number): number => row - kind.context;
    const threshold = kind.threshold(model);
    // Neighbouring windows share their minutes and cross together: one crossing is one false alarm.
    const calm = score.slice(0, at(300));
    const crossings = calm.filter((s, i) => s > threshold && !(calm[i - 1]! > threshold)).length;
    expect(crossings).toBeLessThanOrEqual(1);
    expect(score.slice(at(310)).every((s) => s > threshold)).toBe(true);
    expect(surprise[at(310)]!).toBeGreaterThan(3);
    const reasons = await kind.explain(model, rows, 310);
    expect(reasons[0]!.name).toMatch(/announcements|withdrawals|prefixes|AS path|duplicate|implicit/);
    expect(reasons[0]!.share).toBeGreaterThan(0);
    expect(reasons[0]!.value!).toBeGreaterThan(3 * reasons[0]!.limit!);
  });
});

describe('many streams', () => {
  test('a hundred and fifty models in one go score the bytes that each scores alone', async () => {
    const first = await fitted;
    const rows = block(120, 6);
    const models = Array.from({ length: 150 }, (_, m) => ({
      ...first,
      weights: first.weights.map((w, i) => w * (1 + 0.002 * ((m + i) % 7) * m)),
    }));
    const detector = new Detector(new FusedEngine());
    const from = (m: number): number => 60 + (m % 3) * 20;
    const many = await Promise.all(models.map((model, m) => detector.errors(model, rows, from(m))));
    expect(detector.calls).toBe(3);
    for (const m of [0, 1, 127, 128, 149]) {
      const alone = new Detector(new FusedEngine(), 2);
      expect(many[m]).toEqual(await alone.errors(models[m]!, rows, from(m)));
      await alone.close();
    }
    // One minute each: 128 models fit a call.
    const minutes = await Promise.all(models.map((model) => detector.errors(model, rows, 119)));
    expect(detector.calls).toBe(5);
    expect(minutes[99]!.errors).toEqual(many[99]!.errors.slice(-first.architecture.features));
    await detector.close();
  });

  test('a version that is replaced makes room for later ones', async () => {
    const first = await fitted;
    const rows = block(60, 6);
    const detector = new Detector(new FusedEngine());
    for (let version = 0; version < 10; version++) {
      const model = { ...first, weights: first.weights.map((w) => w * (1 + 0.01 * version)) };
      const once = await detector.errors(model, rows, 59);
      for (let minute = 0; minute < 70; minute++) expect(await detector.errors(model, rows, 59)).toEqual(once);
    }
    expect(detector.held).toBeLessThanOrEqual(2);
    await detector.close();
  });

  test('a failing engine fails those who asked, and the next may ask again', async () => {
    const fused = new FusedEngine();
    let broken = true;
    const detector = new Detector({
      name: 'broken at first',
      open: (architecture, options) => {
        if (broken) return Promise.reject(new Error('no memory'));
        return fused.open(architecture, options);
      },
    });
    const model = await fitted;
    const asked = [1, 2].map(() => detector.errors(model, block(60, 1), 50));
    for (const { status } of await Promise.allSettled(asked)) expect(status).toBe('rejected');
    broken = false;
    expect((await detector.errors(model, block(60, 1), 50)).ends).toHaveLength(10);
    await detector.close();
  });
});

describe('artifact', () => {
  test('comes back as it went', async () => {
    const model = await fitted;
    expect(await kind.decode(await kind.encode(model))).toEqual(model);
  });

  test('damage is refused', async () => {
    const files = await kind.encode(await fitted);
    const weights = files[1]!;
    await expect(kind.decode([files[0]!])).rejects.toThrow(BadArtifact);
    const short = { ...weights, bytes: weights.bytes.subarray(4) };
    await expect(kind.decode([files[0]!, short])).rejects.toThrow(BadArtifact);
    const broken = { ...files[0]!, bytes: files[0]!.bytes.subarray(0, 100) };
    await expect(kind.decode([broken, weights])).rejects.toThrow(BadArtifact);
    const notANumber = Uint8Array.from(weights.bytes).fill(255, 0, 4);
    await expect(kind.decode([files[0]!, { ...weights, bytes: notANumber }])).rejects.toThrow(BadArtifact);
  });

  test('stock tfjs loads what the fused kernel trained and reconstructs alike', async () => {
    const model = await fitted;
    const files = await kind.encode(model);
    const json = JSON.parse(Buffer.from(files[0]!.bytes).toString());
    const tf = await new TfjsEngine().library();
    const loaded = await tf.loadLayersModel({
      load: async () => ({
        modelTopology: json.modelTopology,
        weightSpecs: json.weightsManifest[0].weights,
        weightData: Uint8Array.from(files[1]!.bytes).buffer,
        userDefinedMetadata: json.userDefinedMetadata,
      }),
    });
    expect(loaded.getUserDefinedMetadata()).toHaveProperty('threshold', model.threshold);
    expect(loaded.outputs[0]!.shape).toEqual([null, STEPS, model.architecture.features]);
    loaded.dispose();
    const rows = block(200, 9, 150);
    const ours = await kind.score(model, rows, 50);
    const stock = await createLstm(new TfjsEngine()).score(model, rows, 50);
    ours.score.forEach((s, row) => {
      expect(Math.abs(stock.score[row]! - s)).toBeLessThan(1e-4);
    });
  });

  test('a model that stock tfjs trained is scored by the fused kernel', async () => {
    const stock = createLstm(new TfjsEngine());
    const tiny = { epochs: 1, windowsPerEpoch: 32, hidden: 8 };
    const model = await stock.decode(
      await stock.encode(await stock.fit(block(480, 1), { ...options, settings: tiny })),
    );
    const rows = block(120, 9);
    const ours = await kind.score(model, rows, 50);
    const theirs = await stock.score(model, rows, 50);
    ours.score.forEach((s, row) => {
      expect(Math.abs(theirs.score[row]! - s)).toBeLessThan(1e-4);
    });
  });
});
