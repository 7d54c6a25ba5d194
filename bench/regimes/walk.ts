import { summariseScores } from '../../src/drift/hours.js';
import { STEP_LOOK_BACK, youngStep } from '../../src/drift/regimeStep.js';
import { isUnsettled, runawaySince } from '../../src/drift/runaway.js';
import { driftSettings } from '../../src/drift/settings.js';
import { wanes } from '../../src/drift/waning.js';
import { MINUTES_PER_DAY, type Minute } from '../../src/features/row.js';
import type { AnyModelKind } from '../../src/models/kinds.js';
import { MODEL_KINDS, type ModelKindName } from '../../src/models/model.js';
import { type Exam, type ExamReference, makeExam, referenceAfterStep, takeExam } from '../../src/retraining/exam.js';
import { decide } from '../../src/retraining/gate.js';
import { dueGrowth, type Regime } from '../../src/retraining/growth.js';
import { heldBackResult, scoreHeldBack } from '../../src/retraining/heldBack.js';
import { retrainingSettings } from '../../src/retraining/settings.js';
import { grownFrom, type RegimeWindow, windowOf, withoutBridge } from '../../src/retraining/windowSelection.js';
import { counted, driftOnset, type SharedFeatures } from './offlineCheck.js';
import type { RegimeSeries } from './series.js';
import { minutesOf, OfflineLine, type Serving } from './system.js';

const drift = driftSettings.parse({});
const retraining = retrainingSettings.parse({});
const HOUR = 60;

/** What came of one retrain. */
export interface RetrainEvent {
  kind: ModelKindName;
  row: number;
  trigger: 'first' | 'drift' | 'growth';
  /** First row since the change that it was made for. */
  onsetRow: number | null;
  trainedFromRow: number;
  state: string;
  reason: string;
}

export interface Keeper {
  exam: Exam | null;
  reference: ExamReference | null;
  /** Minute from which the version's regime counts. */
  baselineFrom: Minute;
  /** First minute that the version was trained on. */
  dataFrom: Minute;
  regime: Regime | null;
  lastFinished: Minute | null;
  /** Challengers refused since the last that was published. */
  refusals: number;
  versions: number;
}

/** Hours, one after another, in which the same was said. */
export interface Said {
  kind: ModelKindName;
  /** Rows: [from, until) */
  from: number;
  until: number;
  said: string;
}

export interface RegimeWalk {
  line: OfflineLine;
  checks: Said[];
  retrains: RetrainEvent[];
}

/** Walks a series through the live system's parts, in event time; retrains are done within the hour that asks for them. */
export async function walkRegimes(series: RegimeSeries, seed: number): Promise<RegimeWalk> {
  const line = new OfflineLine(series);
  const retrains: RetrainEvent[] = [];
  const checks: Said[] = [];
  const keepers = new Map<ModelKindName, Keeper>();
  for (const name of MODEL_KINDS) {
    const none = { exam: null, reference: null, regime: null, lastFinished: null };
    keepers.set(name, { ...none, baselineFrom: 0, dataFrom: 0, refusals: 0, versions: 0 });
  }
  const { minutes } = series.block;
  for (let row = 0; row < minutes.length; row += HOUR) {
    await line.hour(row);
    const end = minutes[0]! + Math.min(minutes.length, row + HOUR);
    const shared: SharedFeatures = new Map();
    for (const name of MODEL_KINDS) {
      const track = line.tracks.get(name)!;
      const keeper = keepers.get(name)!;
      if (track.serving === null) {
        const whole = end - minutes[0]! >= retraining.trainingDays * MINUTES_PER_DAY;
        if (whole) retrains.push(await retrain(line, name, keeper, 'first', null, end, seed));
        continue;
      }
      const since = runawaySince(counted(track.live), end, retraining.watchRate);
      const runaway = since === null || wanes(series.block, { from: since, until: end }) ? null : since;
      const wait = runaway === null && keeper.refusals !== 1 ? drift.coolDownMinutes : retraining.regimeMinutes;
      if (keeper.lastFinished !== null && end < keeper.lastFinished + wait) {
        note(checks, name, row, 'cool-down');
        continue;
      }
      const found = runaway === null ? driftOnset(line, track, name, keeper, end, shared) : null;
      const onset = runaway ?? found?.onset ?? null;
      const grown =
        onset === null &&
        keeper.regime !== null &&
        !isUnsettled(counted(track.live), end, retraining.watchRate) &&
        dueGrowth(keeper.regime, end, retraining.trainingDays) !== null
          ? keeper.regime.since
          : null;
      const change = onset ?? grown;
      const { regimeMinutes } = retraining;
      const recent = minutesOf(series.block, end - STEP_LOOK_BACK, end);
      const isYoung = onset !== null && end - onset < regimeMinutes;
      const waits = isYoung || (change !== null && youngStep(recent, change, regimeMinutes) !== null);
      note(checks, name, row, `${found?.said ?? 'runaway'}${waits ? ', too young' : ''}`);
      if (change !== null && !waits)
        retrains.push(await retrain(line, name, keeper, onset === null ? 'growth' : 'drift', change, end, seed));
    }
  }
  return { line, retrains, checks };
}

function note(checks: Said[], kind: ModelKindName, from: number, said: string): void {
  const last = checks.findLast((one) => one.kind === kind);
  if (last?.said === said && last.until === from) last.until = from + HOUR;
  else checks.push({ kind, from, until: from + HOUR, said });
}

async function retrain(
  line: OfflineLine,
  name: ModelKindName,
  keeper: Keeper,
  trigger: RetrainEvent['trigger'],
  onset: Minute | null,
  end: Minute,
  seed: number,
): Promise<RetrainEvent> {
  const track = line.tracks.get(name)!;
  const { kind } = track;
  const oldest = end - retraining.trainingDays * MINUTES_PER_DAY;
  const from = Math.max(
    line.series.block.minutes[0]!,
    onset === null
      ? oldest
      : Math.max(oldest, trigger === 'growth' ? grownFrom(keeper, onset) : Math.min(onset, keeper.baselineFrom)),
  );
  let window = windowOf(
    minutesOf(line.series.block, from, end),
    line.spans(from, end),
    { onset, until: end, isDated: trigger === 'growth' },
    kind,
    retraining,
    drift.patienceMinutes,
  );
  const event: RetrainEvent = {
    kind: name,
    row: rowOf(line, end),
    trigger,
    onsetRow: onset === null ? null : rowOf(line, onset),
    trainedFromRow: rowOf(line, window.onset ?? from),
    state: 'failed',
    reason: `${window.trainingRows} rows of at least ${kind.minimumRows}`,
  };
  const before = keeper.lastFinished;
  keeper.lastFinished = end;
  if (window.onset !== null && end - window.onset < retraining.regimeMinutes) {
    keeper.lastFinished = before;
    return { ...event, state: 'waiting', reason: 'the change is too young' };
  }
  if (window.trainingRows < kind.minimumRows) return event;
  const champion = track.serving;
  const proved = (of: RegimeWindow) => prove(kind, keeper, champion, of, seed);
  let proof = await proved(window);
  const alone = withoutBridge(window);
  const isBridged = alone.trainingRows >= kind.minimumRows && alone.trainingRows < window.trainingRows;
  if (proof.verdict.state === 'held' && isBridged) {
    const second = await proved(alone);
    if (second.verdict.state === 'published') [window, proof] = [alone, second];
  }
  const { model, exam, isNew, result, score, verdict } = proof;
  event.state = verdict.state;
  event.reason = verdict.reasons.join('; ');
  keeper.refusals = verdict.state === 'published' ? 0 : keeper.refusals + 1;
  if (verdict.state !== 'published') return event;
  keeper.exam = exam;
  if (result)
    keeper.reference =
      keeper.reference && isNew ? referenceAfterStep(result, keeper.reference) : (keeper.reference ?? result);
  keeper.versions += 1;
  keeper.dataFrom = window.training.minutes[window.training.usable.indexOf(1)]!;
  keeper.baselineFrom = Math.max(from, window.onset ?? from);
  keeper.regime = window.onset === null ? null : { since: window.onset, until: end };
  const threshold = kind.threshold(model);
  const scored = Array.from(window.all.minutes, (minute, row) => ({
    minute,
    score: score[row]!,
    anomalous: score[row]! > threshold,
    rules: [],
  })).filter(({ minute }) => minute >= keeper.baselineFrom);
  const rescored = [...summariseScores(scored, null)].map(([hour, summary]) => ({ hour, summary }));
  line.serve(name, { model, version: keeper.versions, from: end }, rowOf(line, end), rescored);
  if (trigger === 'drift' && window.onset !== null) {
    const { versions: version } = keeper;
    const since = window.onset;
    line.adaptations.push({ minute: end, kind: name, model: `${name}@regimes`, version, since, report: null });
  }
  return event;
}

const rowOf = (line: OfflineLine, minute: Minute): number => minute - line.series.block.minutes[0]!;

/** Fits a model on a window and lets the gate judge it, as the trainer does. */
async function prove(kind: AnyModelKind, keeper: Keeper, champion: Serving | null, window: RegimeWindow, seed: number) {
  const model = await kind.fit(window.training, {
    seed: seed + keeper.versions,
    falseAlarmsPerDay: retraining.falseAlarmsPerDay,
    ...(champion === null ? {} : { previous: champion.model }),
  });
  const isNew = keeper.exam === null || window.step !== null;
  const exam = isNew ? makeExam(window.training, kind.context, seed) : keeper.exam;
  const result = exam && (await takeExam(kind, model, exam, retraining));
  const { score } = await kind.score(model, window.all, 0);
  const verdict = decide(
    {
      threshold: kind.threshold(model),
      challenger: heldBackResult(score, window, kind.threshold(model), kind.context),
      champion: champion && (await scoreHeldBack(kind, champion.model, window)),
      exam: exam &&
        result && {
          challenger: result,
          champion: !isNew && champion ? await takeExam(kind, champion.model, exam, retraining) : null,
          reference: keeper.reference ?? result,
        },
      step: window.step,
    },
    retraining,
  );
  return { model, exam, isNew, result, score, verdict };
}
