import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readLabelledMinutes } from '../src/evaluation/labelledMinutes.js';
import { growForest, scoreForest } from '../src/models/isolationForest/forest.js';
import { isolationForest } from '../src/models/isolationForest/index.js';
import { seededRandom } from '../src/random/sfc32.js';
import { feedBlock, median } from './feedBlock.js';
import type { Bench, BenchResult } from './result.js';
import { wholeRetrain } from './wholeRetrain.js';

const YARDSTICK = '../shared/yardsticks/isolation_forest.py';
const DATA = '../shared/data/features';
const REAL = ['Slammer', 'Nimda'];
const PYTHON = '/usr/bin/python3';
const COLUMNS = 30;
/** Forests on each side of a ranking, each of its own seed. */
const RANKING_SEEDS = 10;
const OPTIONS = { trees: 100, sample: 256 };

interface Theirs {
  fit_s: number;
  score_s: number;
  scores: Float32Array;
}

export const bench: Bench = {
  name: 'isolation-forest',
  onTestServer: true,
  async run({ quick }) {
    const rows = quick ? 2000 : 10_000;
    const repeats = quick ? 3 : 7;
    const values = lognormal(rows);
    const theirs = scikitLearn(values, repeats, OPTIONS.trees);
    const ranking = [...rankingRows('lognormal noise', values, rows, RANKING_SEEDS), ...realRanking(rows)];
    const fits: number[] = [];
    const scorings: number[] = [];
    for (let seed = -2; seed < repeats; seed++) {
      const started = performance.now();
      const forest = growForest(values, rows, COLUMNS, { ...OPTIONS, seed });
      const grown = performance.now();
      scoreForest(forest, values, rows);
      if (seed < 0) continue;
      fits.push((grown - started) / 1000);
      scorings.push((performance.now() - grown) / 1000);
    }
    const whole: number[] = [];
    const block = feedBlock(rows, 1);
    for (let i = 0; i < 3; i++) {
      const started = performance.now();
      const model = await isolationForest.fit(block, { seed: i, falseAlarmsPerDay: 1 });
      await isolationForest.encode(model);
      whole.push((performance.now() - started) / 1000);
    }
    const line = (what: string, mine: number, their: number | undefined, goal: string): BenchResult => ({
      what,
      ours: mine,
      yardstick: their ?? null,
      yardstick_name: 'scikit-learn IsolationForest',
      unit: 's',
      ratio: their === undefined ? null : their / mine,
      goal,
    });
    return [
      line(`fit ${rows} x ${COLUMNS}, 100 trees of 256`, median(fits), theirs?.fit_s, 'ratio >= 10'),
      line(`score ${rows} rows`, median(scorings), theirs?.score_s, 'ratio >= 5'),
      ...ranking,
      {
        what: `train and encode on ${rows} minutes, with threshold from held-out stretches`,
        ours: median(whole),
        yardstick: null,
        yardstick_name: '',
        unit: 's',
        ratio: null,
        goal: 'reported',
      },
      ...(await wholeRetrain(isolationForest, rows, quick ? 2 : 5)),
    ];
  },
};

/** Minutes of real feeds, one after another: the product's own input, as it comes. Nothing where the files are absent. */
function realRanking(rows: number): BenchResult[] {
  const files = REAL.map((name) => `${DATA}/${name}.csv`);
  if (!files.every((file) => existsSync(file))) {
    process.stderr.write(`no ranking on real minutes: ${DATA} is absent\n`);
    return [];
  }
  const values = new Float32Array(rows * COLUMNS);
  let row = 0;
  for (const file of files) {
    const { block } = readLabelledMinutes(readFileSync(file, 'utf8'));
    for (let r = 0; r < block.minutes.length && row < rows; r++, row++) {
      const at = r * block.columns;
      values.set(block.values.subarray(at, at + COLUMNS), row * COLUMNS);
    }
  }
  const taken = values.subarray(0, row * COLUMNS);
  return rankingRows(`the first ${COLUMNS} features of ${REAL.join(' and ')}`, taken.slice(), row, RANKING_SEEDS);
}

/**
 * How alike the two sides rank the rows, each with the paper's 100 trees of 256. Scores of two forests differ by chance,
 * whoever grows them, so scikit-learn beside itself with another seed is the ceiling of one forest a side. The means of
 * several forests agree as far as the methods do. And, since a rank correlation is lowered by the noise of either side,
 * it is told freed of it too: r(ours, theirs) / sqrt(r(ours) r(theirs)), which is below 1 only as far as the two are
 * different methods (Spearman 1904, correction for attenuation).
 */
function rankingRows(what: string, values: Float32Array, rows: number, seeds: number): BenchResult[] {
  const ours = Array.from({ length: seeds }, (_, seed) =>
    scoreForest(growForest(values, rows, COLUMNS, { ...OPTIONS, seed }), values, rows),
  );
  const theirs = ours.map((_, seed) => scikitLearn(values, seed + 1, OPTIONS.trees)?.scores);
  const found = theirs.filter((scores) => scores !== undefined);
  const across = mean(ours.flatMap((a) => found.map((b) => spearman(a, b))));
  const ceiling = mean(pairs(found).map(([a, b]) => spearman(a, b)));
  const noise = Math.sqrt(ceiling * mean(pairs(ours).map(([a, b]) => spearman(a, b))));
  const joined = (sets: readonly ArrayLike<number>[]): number[] =>
    Array.from({ length: rows }, (_, row) => mean(sets.map((scores) => scores[row]!)));
  const line = (kind: string, value: number, yardstick: number | null, goal: string): BenchResult => ({
    what: `Spearman rank correlation of the scores, ${OPTIONS.trees} trees, ${rows} rows of ${what}${kind}`,
    ours: value,
    yardstick,
    yardstick_name: yardstick === null ? '' : 'scikit-learn with itself, other seeds',
    unit: '',
    ratio: null,
    goal,
  });
  if (found.length < 2) return [line('', Number.NaN, null, '>= 0.98')];
  const half = Math.floor(found.length / 2);
  return [
    line('; one forest a side', across, ceiling, '>= 0.98, which is over what the yardstick has with itself'),
    line(
      `; the mean of ${found.length} forests a side (the yardstick with itself: of ${half})`,
      spearman(joined(ours), joined(found)),
      spearman(joined(found.slice(0, half)), joined(found.slice(half))),
      '>= 0.98',
    ),
    line('; one forest a side, freed of the noise of seeds', across / noise, null, '>= 0.98'),
  ];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function pairs<T>(list: readonly T[]): [T, T][] {
  return list.flatMap((a, i) => list.slice(i + 1).map((b): [T, T] => [a, b]));
}

/** Lognormal columns that move together, as the counts of a minute do. */
function lognormal(rows: number): Float32Array {
  const random = seededRandom(1);
  const normal = (): number => random() + random() + random() + random() - 2;
  const out = new Float32Array(rows * COLUMNS);
  for (let row = 0; row < rows; row++) {
    const common = 2 * normal();
    for (let c = 0; c < COLUMNS; c++) out[row * COLUMNS + c] = Math.exp(common + normal());
  }
  return out;
}

function scikitLearn(values: Float32Array, repeats: number, trees: number): Theirs | null {
  if (!existsSync(YARDSTICK) || !existsSync(PYTHON)) return null;
  const folder = mkdtempSync(join(tmpdir(), 'forest-'));
  try {
    const input = join(folder, 'rows.f32');
    const output = join(folder, 'scores.f32');
    writeFileSync(input, new Uint8Array(values.buffer));
    const args = [YARDSTICK, input, String(COLUMNS), '--repeats', String(repeats), '--scores', output];
    args.push('--trees', String(trees));
    const said = execFileSync(PYTHON, args, { encoding: 'utf8' }).trim().split('\n').at(-1)!;
    return { ...(JSON.parse(said) as Theirs), scores: new Float32Array(new Uint8Array(readFileSync(output)).buffer) };
  } catch (error) {
    process.stderr.write(`yardstick not run: ${(error as Error).message.split('\n')[0]}\n`);
    return null;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Equal scores share the mean of their ranks. */
function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [x, y] = [ranksOf(a), ranksOf(b)];
  const middle = (x.length - 1) / 2;
  const sum = (left: number[], right: number[]) =>
    left.reduce((total, rank, i) => total + (rank - middle) * (right[i]! - middle), 0);
  return sum(x, y) / Math.sqrt(sum(x, x) * sum(y, y));
}

function ranksOf(values: ArrayLike<number>): number[] {
  const order = Array.from({ length: values.length }, (_, i) => i).sort((i, j) => values[i]! - values[j]!);
  const ranks = new Array<number>(values.length);
  for (let from = 0; from < order.length; ) {
    let end = from + 1;
    while (end < order.length && values[order[end]!] === values[order[from]!]) end++;
    for (let i = from; i < end; i++) ranks[order[i]!] = (from + end - 1) / 2;
    from = end;
  }
  return ranks;
}
