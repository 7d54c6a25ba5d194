import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { growForest, scoreForest } from '../src/models/isolationForest/forest.js';
import { isolationForest } from '../src/models/isolationForest/index.js';
import { seededRandom } from '../src/models/random.js';
import { feedBlock, median } from './feedBlock.js';
import type { Bench, BenchResult } from './result.js';
import { wholeRetrain } from './wholeRetrain.js';

const YARDSTICK = '../shared/yardsticks/isolation_forest.py';
const PYTHON = '/usr/bin/python3';
const COLUMNS = 30;
const RANKING_TREES = 1000;
const OPTIONS = { trees: 100, sample: 256 };

interface Theirs {
  fit_s: number;
  score_s: number;
  scores: Float32Array;
}

export const bench: Bench = {
  name: 'isolation-forest',
  async run({ quick }) {
    const rows = quick ? 2000 : 10_000;
    const repeats = quick ? 3 : 7;
    const values = lognormal(rows);
    const theirs = scikitLearn(values, repeats, OPTIONS.trees);
    // Two forests of 100 trees differ by chance more than 0.98 allows, whoever grows them: the ceiling is told beside it.
    const ranking: BenchResult[] = [];
    for (const trees of [OPTIONS.trees, RANKING_TREES]) {
      const first = scikitLearn(values, 1, trees);
      const second = scikitLearn(values, 2, trees);
      const ours = scoreForest(growForest(values, rows, COLUMNS, { ...OPTIONS, trees, seed: 1 }), values, rows);
      ranking.push({
        what: `Spearman rank correlation of the scores, ${trees} trees each; yardstick: scikit-learn with itself, two seeds`,
        ours: first === null ? Number.NaN : spearman(ours, first.scores),
        yardstick: first === null || second === null ? null : spearman(first.scores, second.scores),
        yardstick_name: 'scikit-learn IsolationForest',
        unit: '',
        ratio: null,
        goal: '>= 0.98',
      });
    }
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

function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const n = a.length;
  const ranksOf = (x: ArrayLike<number>): Float64Array => {
    const ranks = new Float64Array(n);
    const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => x[i]! - x[j]!);
    order.forEach((i, rank) => {
      ranks[i] = rank;
    });
    return ranks;
  };
  const ra = ranksOf(a);
  const rb = ranksOf(b);
  const squares = ra.reduce((sum, rank, i) => sum + (rank - rb[i]!) ** 2, 0);
  return 1 - (6 * squares) / (n * (n * n - 1));
}
