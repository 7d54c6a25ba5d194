import { existsSync } from 'node:fs';
import { UpdateBatch } from '../src/bgp/updateBatch.js';
import { snapshotOf } from '../src/features/aggregatorSnapshot.js';
import { MinuteAggregator } from '../src/features/minuteAggregator.js';
import { type FeatureRow, MINUTES_PER_DAY } from '../src/features/row.js';
import type { MinuteInput } from '../src/incidents/minuteInput.js';
import { type EventKind, FAULTS, LOOK_ALIKES } from './injected/event.js';
import { judged } from './injected/judgement.js';
import { type InjectedEvent, Pass } from './injected/pass.js';
import { type Played, playedKey, readPlayed, writePlayed } from './injected/playedRows.js';
import { type EventVerdict, resultsOf, tableOf } from './injected/report.js';
import { RouteView } from './injected/routeView.js';
import { type Span, slotsOf, spanOf } from './injected/schedule.js';
import { traceOf } from './injected/whyMissed.js';
import { incidentLine, NOTHING_WATCHED } from './realFeed/incidentLine.js';
import { modelLine } from './realFeed/modelLine.js';
import { batchesOf, recordingFiles } from './realFeed/recording.js';
import { STREAM } from './realFeed/rows.js';
import { RECORDING } from './realFeed.js';
import type { Bench, BenchOptions } from './result.js';

const EVENTS = 300;
const QUICK_EVENTS = 40;
const DEFAULT_SEED = 1;
const KINDS: readonly EventKind[] = [...FAULTS, ...LOOK_ALIKES];

const tell = (message: string) => process.stderr.write(`injected: ${message}\n`);

/** Writes events into a recording's real messages, as peers would see them, and tells what the line finds of them. */
async function run(options: BenchOptions) {
  const path = options.files[0] ?? RECORDING;
  if (!existsSync(path)) {
    tell(`skipped, ${path} is not here`);
    return { results: [] };
  }
  const seed = Number(options.seed ?? DEFAULT_SEED);
  const events = Number(options.events ?? (options.quick ? QUICK_EVENTS : EVENTS));
  const files = await recordingFiles(path);
  const only = KINDS.find((kind) => kind === options.only);
  if (options.only !== undefined && only === undefined) {
    throw new RangeError(`--only ${options.only}: the kinds are ${KINDS.join(', ')}`);
  }
  const span = await spanOf(files);
  const passes = await passesOf(files, span, { events, seed, only, rows: options.rows });

  const verdicts: EventVerdict[] = [];
  for (const [index, pass] of passes.entries()) {
    const inputs = options.calm
      ? pass.rows.map(calmInput)
      : (await modelLine(pass.rows, seed, index === 0 ? tell : () => undefined)).inputs;
    const line = incidentLine(inputs, NOTHING_WATCHED);
    tell(`pass ${index + 1}: ${pass.events.length} events, ${line.incidents.length} incidents`);
    for (const found of judged(pass.events, line)) {
      const missed = found.raised || isLookAlike(found.event) ? {} : traceOf(pass.rows, inputs, found.event);
      verdicts.push({ ...found, ...missed, pass: index });
    }
  }
  const days = ((span.untilMs - span.learntMs) / 60_000 / MINUTES_PER_DAY) * passes.length;
  return {
    recording: path,
    seed,
    passes: passes.length,
    eventsADay: Math.round(verdicts.length / days),
    notDrawn: passes.flatMap(({ notDrawn }) => notDrawn),
    kinds: KINDS.map((kind) => tableOf(kind, verdicts)),
    results: resultsOf(verdicts),
    events: verdicts.map(({ event, ...verdict }) => ({
      ...verdict,
      ...event,
      prefixes: event.prefixes.slice(0, 5),
      startedAt: new Date(event.startMs).toISOString(),
      endedAt: new Date(event.endMs).toISOString(),
    })),
  };
}

const isLookAlike = ({ kind }: InjectedEvent) => (LOOK_ALIKES as readonly string[]).includes(kind);

/** A minute that no model flagged. */
function calmInput({ minute, kind, values, evidence }: FeatureRow): MinuteInput {
  const gap = kind === 'gap';
  const verdict = { score: null, threshold: null, anomalous: false, votes: {} };
  return { minute, gap, values: gap ? [] : values, evidence: gap ? null : evidence, ...verdict };
}

interface Request {
  events: number;
  seed: number;
  only: EventKind | undefined;
  /** File in which the rows are kept. */
  rows: string | undefined;
}

/** The runs with their rows; from the file where it holds them, and kept there otherwise. */
async function passesOf(files: readonly string[], span: Span, { rows, ...wanted }: Request): Promise<Played[]> {
  const { events, seed, only } = wanted;
  const key = rows === undefined ? '' : await playedKey(files, events, seed, only);
  const kept = rows === undefined ? null : await readPlayed(rows, key);
  if (kept !== null) {
    tell(`${kept.length} passes read from ${rows}`);
    return kept;
  }
  const { passes, learnt } = await played(files, span, wanted);
  if (rows !== undefined) await writePlayed(rows, key, passes, learnt);
  return passes;
}

/** Plays the recording once: all runs share what comes before their events. */
async function played(files: readonly string[], span: Span, { events, seed, only }: Omit<Request, 'rows'>) {
  const schedule = slotsOf(span, events, seed, only);
  tell(`${schedule.flat().length} events in ${schedule.length} passes`);
  const view = new RouteView();
  const first = new MinuteAggregator({ stream: STREAM });
  const learnt: FeatureRow[] = [];
  let passes: Pass[] = [];
  const onFile = (name: string, index: number) => {
    if (index % 16 === 0) tell(`${name}, file ${index + 1} of ${files.length}`);
  };
  for await (const batch of batchesOf(files, onFile)) {
    if (passes.length === 0 && (batch.columns.time[0] ?? 0) >= span.learntMs) {
      const snapshot = snapshotOf(first);
      passes = schedule.map((slots, index) => new Pass(snapshot, learnt, slots, seed * 1000 + index));
    }
    if (passes.length === 0) {
      first.add(new UpdateBatch(batch.columns));
      learnt.push(...first.take());
    } else for (const pass of passes) pass.add(batch.columns, view);
    view.apply(batch.columns);
  }

  for (const pass of passes) pass.finish();
  return { passes, learnt: learnt.length };
}

export const bench: Bench = { name: 'injected', run };
