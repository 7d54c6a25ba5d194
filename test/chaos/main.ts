/**
 * Faults against the whole line:
 *
 *   npm run -s chaos -- --seed 1 --minutes 10 --store postgres --faults 200 --json
 *   npm run -s chaos -- --seed 1 --minutes 5 --gaps
 *
 * Prints one JSON object, progress on standard error; exit code 1 when anything was lost, doubled or different.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { runChaos } from './run.js';
import type { StoreName } from './subject.js';

const number = (least: number) => (text: string) => {
  const value = Number(text);
  if (!Number.isFinite(value) || value < least)
    throw new InvalidArgumentError(`expected a number of at least ${least}`);
  return value;
};
const FAULTS_A_MINUTE = 20;

const { seed, minutes, store, faults, gaps, json } = new Command('chaos')
  .description('Plays the whole line under random faults and compares every row with an undisturbed run.')
  .option('--seed <n>', 'of faults and feed', number(0), 1)
  .option('--minutes <m>', 'wall-clock minutes over which the faults are spread', number(0.1), 2)
  .addOption(new Option('--store <name>', 'where the queues live').choices(['postgres', 'redis']).default('postgres'))
  .option('--faults <k>', `how many (default: ${FAULTS_A_MINUTE} a minute)`, number(1))
  .option('--gaps', 'kill the collector too, on a feed that goes on without it; gaps heal from an archive')
  .option('--json', 'print the result as JSON')
  .parse()
  .opts<{ seed: number; minutes: number; store: StoreName; faults?: number; gaps?: boolean; json?: boolean }>();

const began = performance.now();
const say = (line: string) =>
  void process.stderr.write(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s  ${line}\n`);
const { counts, outage, hours, findings, ...result } = await runChaos({
  seed,
  store,
  minutes,
  withGaps: gaps === true,
  faults: Math.round(faults ?? minutes * FAULTS_A_MINUTE),
  say,
});
for (const [name, count] of Object.entries(counts)) say(`${String(count).padStart(4)} x ${name}`);
say(
  `${hours} live hours; longest outage: ${outage.service}, ${outage.seconds.toFixed(1)} s beyond ${outage.faults.join(', ')}`,
);
for (const finding of findings) say(`FOUND ${finding}`);
if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
else say(JSON.stringify(result));
const failed =
  !result.equal || result.lost > 0 || result.doubled > 0 || result.publishes_doubled > 0 || result.alerts_late > 0;
if (failed)
  say(
    `failed with seed ${seed}: the same faults in the same order come with --seed ${seed} --store ${store}${gaps ? ' --gaps' : ''}`,
  );
process.exit(failed ? 1 : 0);
