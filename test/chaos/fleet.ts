/**
 * What many streams cost on one machine, each with its three models, for the plan in docs/scaling.md:
 *
 *   npm run -s fleet -- --streams 65 --minutes 120 --json
 *
 * One stream gets history and models, the others copies of them; then all are given the same feed by a change of settings
 * while the system runs. Prints one JSON object, progress on standard error; exit code 1 when a minute is missing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { Pipeline } from '../../src/demo/pipeline.js';
import { STORY_START } from '../../src/demo/story.js';
import { SERVICES } from '../../src/services/catalogue.js';
import { demoScenario } from '../../src/simulation/scenario.js';
import { play } from './play.js';
import { processorMilliseconds } from './processorTime.js';
import { STREAM, Subject } from './subject.js';

const IDLE_SECONDS = 20;
const CATCH_UP_SECONDS = 120;
const MESSAGES_PER_MINUTE = 60;

const number = (text: string) => {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('expected a number over 0');
  return value;
};
const { streams, minutes, pace, json } = new Command('fleet')
  .description('Measures what each minute of each of many streams costs every service.')
  .option('--streams <n>', 'how many', number, 65)
  .option('--minutes <m>', 'event minutes that are played', number, 120)
  .option('--pace <n>', 'event minutes a second', number, 1)
  .option('--json', 'print the result as JSON')
  .parse()
  .opts<{ streams: number; minutes: number; pace: number; json?: boolean }>();

const began = performance.now();
const say = (line: string) =>
  void process.stderr.write(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s  ${line}\n`);

const scenario = demoScenario(STORY_START, {
  seed: 1,
  historyHours: 26,
  liveHours: 48,
  driftHours: 0,
  messagesPerMinute: MESSAGES_PER_MINUTE,
});
const names = Array.from({ length: streams }, (_, index) => (index === 0 ? STREAM : `${STREAM}${index}`));

/** History, models and cursors of the first stream for all others; each aggregator begins by itself. */
async function copyStream({ pool }: Subject): Promise<void> {
  const copies = [names.slice(1), STREAM];
  for (const [table, columns] of [
    ['features', 'minute, kind, values, evidence'],
    ['scores', 'kind, minute, version_id, score, surprise, threshold, anomalous'],
    ['verdicts', 'minute, score, threshold, anomalous, votes, missing, state'],
  ])
    await pool.query(
      `INSERT INTO ${table} (stream, ${columns}) SELECT s, ${columns} FROM ${table}, unnest($1::text[]) s WHERE stream = $2`,
      copies,
    );
  await pool.query(
    `INSERT INTO cursors (stage, stream, position) SELECT stage, s, position FROM cursors, unnest($1::text[]) s
     WHERE stream = $2 AND stage <> 'aggregator'`,
    copies,
  );
  await pool.query(
    `WITH copied AS (
       INSERT INTO model_versions (model_key, kind, stream, version, state, data_from, data_until, samples, seed, threshold,
         format, code_version, metrics, fencing_token)
       SELECT kind || '@' || s, kind, s, version, state, data_from, data_until, samples, seed, threshold, format, code_version,
         metrics, fencing_token FROM model_versions, unnest($1::text[]) s WHERE stream = $2 RETURNING id, kind, version, stream),
     files AS (
       INSERT INTO model_files (version_id, name, sha256, bytes)
       SELECT c.id, f.name, f.sha256, f.bytes FROM copied c
       JOIN model_versions v ON v.stream = $2 AND v.kind = c.kind AND v.version = c.version JOIN model_files f ON f.version_id = v.id)
     INSERT INTO activations (model_key, version_id, from_minute, reason)
     SELECT c.kind || '@' || c.stream, c.id, a.from_minute, 'copied' FROM copied c
     JOIN model_versions v ON v.stream = $2 AND v.kind = c.kind AND v.version = c.version JOIN activations a ON a.version_id = v.id`,
    copies,
  );
}

/** Processor time of every service and of PostgreSQL until now, ms. */
function processorTimes(subject: Subject): Record<string, number> {
  const services = SERVICES.map(({ name }) => [
    name,
    processorMilliseconds(subject.system.supervisor.pidOf(name) ?? 0),
  ]);
  return { ...Object.fromEntries(services), postgresql: processorMilliseconds(subject.postgres.pid) };
}

function difference(before: Record<string, number>, after: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.keys(after).map((name) => [name, after[name]! - before[name]!]));
}

const rounded = (values: Record<string, number>, by: number) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number((value / by).toFixed(2))]));

const subject = await Subject.start({ scenario, store: 'postgres', seed: 1, say });
try {
  await play(subject, scenario, { goOn: () => false, say });
  await copyStream(subject);
  await subject.system.reload({ ...subject.settings, streams: names.map((name) => ({ name })) });
  while (subject.feed.state.subscribers < streams) await sleep(100);
  say(`${streams} streams serve`);
  await sleep(5_000);
  const start = processorTimes(subject);
  await sleep(IDLE_SECONDS * 1_000);
  const idle = difference(start, processorTimes(subject));

  const from = subject.feed.state.position;
  const before = processorTimes(subject);
  const played = performance.now();
  const sent = subject.feed.state.messages;
  await subject.feed.playUntil(from + minutes, { messagesPerSecond: pace * MESSAGES_PER_MINUTE });
  const seconds = (performance.now() - played) / 1000;
  const pipelines = names.map((name) => new Pipeline(subject.pool, name, new AbortController().signal));
  const last = from + minutes - 3;
  for (const pipeline of pipelines)
    await pipeline.until('the last verdicts', CATCH_UP_SECONDS, async () =>
      (await pipeline.featuresReach(last)) ? pipeline.judged() : false,
    );
  const behind = (performance.now() - played) / 1000 - seconds;
  const busy = difference(before, processorTimes(subject));
  const { rows } = await subject.pool.query<{ verdicts: number; connections: number; bytes: number }>(
    `SELECT (SELECT count(*) FROM verdicts WHERE minute >= to_timestamp($1::bigint * 60))::integer AS verdicts,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::integer AS connections,
       pg_database_size(current_database())::float8 AS bytes`,
    [from + 5],
  );
  const idleShare = Object.fromEntries(
    Object.entries(idle).map(([name, value]) => [name, value / IDLE_SECONDS / 1000]),
  );
  const expected = streams * (minutes - 7);
  const result = {
    streams,
    models: streams * 3,
    event_minutes_a_second: minutes / seconds,
    messages_a_stream: subject.feed.state.messages - sent,
    seconds_behind_at_the_end: Number(behind.toFixed(1)),
    idle_cores: rounded(idleShare, 1),
    milliseconds_a_stream_minute: rounded(busy, streams * minutes),
    microseconds_a_message: rounded(
      { collector: busy.collector! * 1000, aggregator: busy.aggregator! * 1000 },
      streams * (subject.feed.state.messages - sent),
    ),
    connections: rows[0]!.connections,
    verdicts: rows[0]!.verdicts,
    missing: Math.max(0, expected - rows[0]!.verdicts),
  };
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else say(JSON.stringify(result, null, 2));
  process.exitCode = result.missing > 0 ? 1 : 0;
} finally {
  await subject.close();
}
process.exit();
