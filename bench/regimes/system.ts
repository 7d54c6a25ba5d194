import { DEFAULT_WEIGHTS, type EnsembleState, INITIAL_STATE, vote } from '../../src/detection/ensemble.js';
import type { Hour } from '../../src/drift/channels.js';
import { summariseFeatures, summariseScores } from '../../src/drift/hours.js';
import { rowsOf } from '../../src/evaluation/labelledMinutes.js';
import type { FeatureBlock, Minute } from '../../src/features/row.js';
import type { Adaptation } from '../../src/incidents/adaptation.js';
import { type CorrelatorState, correlate, freshState } from '../../src/incidents/correlator.js';
import type { Incident } from '../../src/incidents/incident.js';
import { incidentSettings } from '../../src/incidents/settings.js';
import { watchSettings } from '../../src/incidents/watch/settings.js';
import { WatchList } from '../../src/incidents/watchList.js';
import { type AnyModelKind, kindOf } from '../../src/models/kinds.js';
import { MODEL_KINDS, type ModelKindName } from '../../src/models/model.js';
import type { IncidentSpan } from '../../src/storage/streamHistory.js';
import type { RegimeSeries } from './series.js';

const HOUR = 60;
const NOTHING_WATCHED = new WatchList(watchSettings.parse({}));
/** Scored ahead at once; thrown away when another version takes over. */
const AHEAD = 720;

/** A version that serves. */
export interface Serving {
  model: unknown;
  version: number;
  /** First minute that it scores. */
  from: Minute;
}

export interface Track {
  kind: AnyModelKind;
  serving: Serving | null;
  score: Float64Array;
  surprise: Float64Array;
  afterFall: Float64Array;
  /** [rows] what the version that served said of each */
  flagged: Uint8Array;
  threshold: number;
  /** Row up to which there are scores of the version that serves. */
  ahead: number;
  /** Live hours of the serving version. */
  live: Hour[];
  rescored: Hour[];
}

/** Detectors, ensemble and correlator over a series of rows, hour by hour in event time; nothing of it is stored. */
export class OfflineLine {
  readonly tracks = new Map<ModelKindName, Track>();
  readonly incidents = new Map<Minute, Incident>();
  /** [rows] what the ensemble said */
  readonly anomalous: Uint8Array;
  readonly featureHours: Hour[] = [];
  readonly adaptations: Adaptation[] = [];
  private ensemble: EnsembleState = INITIAL_STATE;
  private correlator: CorrelatorState = freshState('regimes');
  private readonly settings = incidentSettings.parse({});

  constructor(readonly series: RegimeSeries) {
    this.anomalous = new Uint8Array(series.labels.length);
    for (const name of MODEL_KINDS) {
      this.tracks.set(name, {
        kind: kindOf(name),
        serving: null,
        score: new Float64Array(series.labels.length).fill(Number.NaN),
        surprise: new Float64Array(series.labels.length).fill(Number.NaN),
        afterFall: new Float64Array(series.labels.length).fill(Number.NaN),
        flagged: new Uint8Array(series.labels.length),
        threshold: 0,
        ahead: 0,
        live: [],
        rescored: [],
      });
    }
  }

  serve(name: ModelKindName, serving: Serving, row: number, rescored: Hour[]): void {
    const track = this.tracks.get(name)!;
    track.serving = serving;
    track.threshold = track.kind.threshold(serving.model);
    track.ahead = row;
    track.live = [];
    track.rescored = rescored;
  }

  /** The 60 rows from `row` on. */
  async hour(row: number): Promise<void> {
    const { block } = this.series;
    const until = Math.min(block.minutes.length, row + HOUR);
    for (const [hour, summary] of summariseFeatures(rowsOf(block, row, until), null)) {
      this.featureHours.push({ hour, summary });
    }
    for (const track of this.tracks.values()) await this.score(track, row, until);
    const minutes = [];
    for (let at = row; at < until; at++) {
      const votes = [...this.tracks].flatMap(([kind, track]) =>
        track.serving === null
          ? []
          : [
              {
                kind,
                surprise: track.surprise[at]!,
                anomalous: track.score[at]! > track.threshold,
                afterFall: track.afterFall[at]!,
              },
            ],
      );
      const verdict = votes.length === 0 ? null : vote(votes, DEFAULT_WEIGHTS, this.ensemble);
      if (verdict !== null) this.ensemble = verdict.state;
      this.anomalous[at] = verdict?.anomalous ? 1 : 0;
      minutes.push({
        minute: block.minutes[at]!,
        gap: false,
        score: verdict?.score ?? null,
        threshold: verdict?.threshold ?? null,
        anomalous: verdict?.anomalous ?? false,
        votes: Object.fromEntries(votes.map(({ kind, ...said }) => [kind, said])),
        values: block.values.subarray(at * block.columns, (at + 1) * block.columns),
        evidence: null,
      });
    }
    const done = correlate(this.correlator, minutes, {
      settings: this.settings,
      watchList: NOTHING_WATCHED,
      validityOf: () => undefined,
      adaptations: this.adaptations,
    });
    this.correlator = done.state;
    for (const incident of done.incidents) this.incidents.set(incident.startedAt, incident);
  }

  spans(from: Minute, until: Minute): IncidentSpan[] {
    return [...this.incidents.values()]
      .map((incident) => ({
        from: incident.startedAt,
        until: Math.max(incident.lastMinute, incident.endedAt ?? 0) + 1,
      }))
      .filter((span) => span.from < until && span.until > from);
  }

  private async score(track: Track, row: number, until: number): Promise<void> {
    const { serving, kind } = track;
    if (serving === null) return;
    const { block } = this.series;
    if (track.ahead < until) {
      const end = Math.min(block.minutes.length, row + AHEAD);
      const start = Math.max(0, row - kind.context);
      const scores = await kind.score(serving.model, rowsOf(block, start, end), row - start);
      track.score.set(scores.score, row);
      track.surprise.set(scores.surprise, row);
      track.afterFall.set(scores.afterFall ?? new Float64Array(end - row).fill(Number.NaN), row);
      track.ahead = end;
    }
    for (let at = row; at < until; at++) track.flagged[at] = track.score[at]! > track.threshold ? 1 : 0;
    track.live.push(...this.scoredHours(track, row, until, []));
  }

  /** Summaries of scored rows, without the minutes of incidents. */
  scoredHours(track: Track, from: number, until: number, masks: readonly IncidentSpan[]): Hour[] {
    const { block } = this.series;
    const rows = Array.from({ length: until - from }, (_, i) => ({
      minute: block.minutes[from + i]!,
      score: track.score[from + i]!,
      anomalous: track.score[from + i]! > track.threshold,
      rules: [],
    }));
    const mask = masks.length === 0 ? null : maskOf(masks);
    return [...summariseScores(rows, mask)].map(([hour, summary]) => ({ hour, summary }));
  }
}

export const maskOf =
  (spans: readonly IncidentSpan[]) =>
  (minute: Minute): boolean =>
    spans.some((span) => minute >= span.from && minute < span.until);

/** Rows of a block that hold the minutes from `from` on and before `until`; its minutes are consecutive. */
export function minutesOf(block: FeatureBlock, from: Minute, until: Minute): FeatureBlock {
  const first = block.minutes[0]!;
  return rowsOf(block, Math.max(0, from - first), Math.min(block.minutes.length, until - first));
}
