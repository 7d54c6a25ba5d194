/**
 * A long run at ten times the usual feed, to see whether the memory of any service grows:
 *
 *   npm run -s soak -- --minutes 30 --json
 *
 * Prints one JSON object, progress on standard error; exit code 1 when a service grew, restarted, or fell behind.
 */
import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { Pipeline } from '../../src/demo/pipeline.js';
import { STORY_START } from '../../src/demo/story.js';
import { ENSEMBLE } from '../../src/detection/ensembleStep.js';
import { SERVICES } from '../../src/services/catalogue.js';
import { demoScenario } from '../../src/simulation/scenario.js';
import { readCursor } from '../../src/storage/cursors.js';
import { play } from './play.js';
import { STREAM, Subject } from './subject.js';

/** Messages of an ordinary minute in the demo, ten times. */
const MESSAGES_PER_MINUTE = 300;
const SAMPLE_MILLISECONDS = 5_000;
/** Event hours that are played at most. */
const MOST_HOURS = 480;
/** A service is flat when its last quarter's middle is at most so much over its second quarter's. */
const GROWTH = 1.1;
const CATCH_UP_SECONDS = 60;

const number = (text: string) => {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('expected a number over 0');
  return value;
};
const { seed, minutes, rate, json } = new Command('soak')
  .description('Plays ten times the usual feed for long and watches the memory of each service.')
  .option('--seed <n>', 'of the feed', number, 1)
  .option('--minutes <m>', 'wall-clock minutes', number, 30)
  .option('--rate <n>', 'messages a second', number, 1_000)
  .option('--json', 'print the result as JSON')
  .parse()
  .opts<{ seed: number; minutes: number; rate: number; json?: boolean }>();

const began = performance.now();
const say = (line: string) =>
  void process.stderr.write(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s  ${line}\n`);

/** Resident memory of a process in MB, or NaN when it is not there. */
function residentMegabytes(pid: number | undefined): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}

function middle(values: number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

const scenario = demoScenario(STORY_START, {
  seed,
  historyHours: 26,
  liveHours: MOST_HOURS,
  driftHours: 0,
  messagesPerMinute: MESSAGES_PER_MINUTE,
});
const subject = await Subject.start({ scenario, store: 'postgres', seed, say });
try {
  await play(subject, scenario, { goOn: () => false, say });
  const names = SERVICES.map(({ name }) => name);
  const samples = new Map<string, number[]>(names.map((name) => [name, []]));
  const pids = new Map(names.map((name) => [name, subject.system.supervisor.pidOf(name)]));
  const before = { ...subject.feed.state };
  const started = performance.now();
  const timer = setInterval(() => {
    for (const name of names) samples.get(name)!.push(residentMegabytes(subject.system.supervisor.pidOf(name)));
  }, SAMPLE_MILLISECONDS);
  let mostBehind = 0;
  let end = before.position;
  while (performance.now() - started < minutes * 60_000 && end + 60 < scenario.endMinute) {
    end += 60;
    await subject.feed.playUntil(end, { messagesPerSecond: rate });
    const cursor = await readCursor(subject.pool, ENSEMBLE, STREAM);
    mostBehind = Math.max(mostBehind, end - 1 - (cursor?.position ?? 0));
    say(
      `hour ${(end - scenario.liveMinute) / 60}: ${names.map((n) => `${n} ${samples.get(n)!.at(-1)?.toFixed(0)}`).join(', ')}`,
    );
  }
  clearInterval(timer);
  const seconds = (performance.now() - started) / 1000;
  const messages = subject.feed.state.messages - before.messages;
  const pipeline = new Pipeline(subject.pool, STREAM, new AbortController().signal);
  const kept = await pipeline
    .until('the last verdicts', CATCH_UP_SECONDS, () => pipeline.judged())
    .then(
      () => true,
      (error: Error) => {
        say(error.message);
        return false;
      },
    );
  const services = Object.fromEntries(
    names.map((name) => {
      const all = samples.get(name)!;
      const quarter = Math.floor(all.length / 4);
      const [first, last] = [middle(all.slice(quarter, 2 * quarter)), middle(all.slice(3 * quarter))];
      const restarted = pids.get(name) !== subject.system.supervisor.pidOf(name);
      return [
        name,
        { first_mb: Math.round(first), last_mb: Math.round(last), restarted, flat: last <= first * GROWTH },
      ];
    }),
  );
  const flat = Object.values(services).every((service) => service.flat && !service.restarted);
  const result = {
    minutes: seconds / 60,
    messages,
    messages_per_second: messages / seconds,
    event_hours: (end - before.position) / 60,
    most_minutes_behind: mostBehind,
    caught_up: kept,
    services,
    flat,
    seed,
  };
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else say(JSON.stringify(result));
  process.exitCode = flat && kept ? 0 : 1;
} finally {
  await subject.close();
}
process.exit();
