import type { Pool } from 'pg';
import { FEATURE_COUNT } from '../features/catalogue.js';
import type { FeatureBlock, Minute } from '../features/row.js';
import type { ModelKindName } from '../models/model.js';
import { databaseTime, hourSummaries, putHourSummaries } from '../storage/hourSummaries.js';
import { hoursScoredSince, type ScoredMinute, scoredMinutes } from '../storage/scores.js';
import type { StreamHistory } from '../storage/streamHistory.js';
import type { Hour } from './channels.js';
import { decodeSummary, encodeSummary, type HourSummary, summarise } from './summary.js';

/** Rows are found as late as this after they were written, because a transaction's rows carry its start as time. */
const OVERLAP_MILLISECONDS = 10 * 60_000;

/** An hour of scores with where they come from. */
export interface ScoredHour extends Hour {
  source: 'live' | 'rescored';
}

/** Whether a minute is left out (it is in an incident). */
export type Mask = (minute: Minute) => boolean;

/** How a subject's minutes of some hours are summarised. */
type Summarise = (hours: Minute[], mask: Mask | null) => Promise<Map<Minute, HourSummary>>;

/**
 * The summaries of [from, until): those stored, those of hours that got rows since (also late ones) made anew and
 * stored, and hours with masked minutes made without them, which is not stored because incidents change.
 */
async function currentHours(
  pool: Pool,
  subject: string,
  versionId: number,
  window: { from: Minute; until: Minute; masked: Minute[]; mask: Mask },
  changed: (since: Date | null) => Promise<Minute[]>,
  make: Summarise,
): Promise<ScoredHour[]> {
  const now = await databaseTime(pool);
  const stored = await hourSummaries(pool, subject, versionId, window.from, window.until);
  const since = stored.computedAt && new Date(stored.computedAt.getTime() - OVERLAP_MILLISECONDS);
  const fresh = await changed(since);
  const skip = new Set(window.masked);
  const made = await make(
    fresh.filter((hour) => !skip.has(hour)),
    null,
  );
  await putHourSummaries(
    pool,
    subject,
    versionId,
    now,
    [...made].map(([hour, summary]) => ({
      hour,
      source: 'live',
      minutes: summary.minutes,
      bytes: encodeSummary(summary),
    })),
  );
  const masked = await make(window.masked, window.mask);
  const hours = new Map<Minute, ScoredHour>();
  for (const row of stored.hours) {
    if (skip.has(row.hour) && row.source === 'live') continue;
    if (row.source === 'live' || !hours.has(row.hour)) {
      hours.set(row.hour, { hour: row.hour, source: row.source, summary: decodeSummary(row.bytes) });
    }
  }
  for (const [hour, summary] of [...made, ...masked]) {
    if (summary.minutes > 0) hours.set(hour, { hour, source: 'live', summary });
    else if (hours.get(hour)?.source === 'live') hours.delete(hour);
  }
  return [...hours.values()].sort((a, b) => a.hour - b.hour);
}

/** Runs of consecutive hours, so that neighbours are read in one query. */
function spans(hours: Minute[]): { from: Minute; until: Minute }[] {
  const result: { from: Minute; until: Minute }[] = [];
  for (const hour of hours) {
    const last = result[result.length - 1];
    if (last && last.until === hour) last.until = hour + 60;
    else result.push({ from: hour, until: hour + 60 });
  }
  return result;
}

/** Hours of one version's scores; the version's rescored ones where it did not serve. */
export function scoreHours(
  pool: Pool,
  model: { key: string; kind: ModelKindName; stream: string; versionId: number },
  window: { from: Minute; until: Minute; masked: Minute[]; mask: Mask },
): Promise<ScoredHour[]> {
  return currentHours(
    pool,
    model.key,
    model.versionId,
    window,
    (since) => hoursScoredSince(pool, model.stream, model.kind, since ?? new Date(0), window.from, window.until),
    async (hours, mask) => {
      const made = new Map<Minute, HourSummary>();
      for (const span of spans(hours)) {
        const rows = await scoredMinutes(pool, model.stream, model.kind, model.versionId, span.from, span.until);
        for (const [hour, summary] of summariseScores(rows, mask)) made.set(hour, summary);
      }
      return made;
    },
  );
}

/** By hour, without masked minutes and those that have no finite score. */
export function summariseScores(rows: readonly ScoredMinute[], mask: Mask | null): Map<Minute, HourSummary> {
  const hours = new Map<Minute, ScoredMinute[]>();
  for (const row of rows) {
    if (!Number.isFinite(row.score) || mask?.(row.minute)) continue;
    const hour = row.minute - (row.minute % 60);
    const list = hours.get(hour);
    if (list) list.push(row);
    else hours.set(hour, [row]);
  }
  const made = new Map<Minute, HourSummary>();
  for (const [hour, minutes] of hours) {
    const rules = new Map<string, number>();
    let anomalous = 0;
    for (const row of minutes) {
      if (!row.anomalous) continue;
      anomalous++;
      for (const rule of new Set(row.rules)) rules.set(rule, (rules.get(rule) ?? 0) + 1);
    }
    made.set(
      hour,
      summarise(
        Float64Array.from(minutes, (row) => row.score),
        1,
        anomalous,
        rules,
      ),
    );
  }
  return made;
}

/** Hours of a stream's features. */
export function featureHours(
  pool: Pool,
  history: StreamHistory,
  stream: string,
  window: { from: Minute; until: Minute; masked: Minute[]; mask: Mask },
): Promise<ScoredHour[]> {
  return currentHours(
    pool,
    `features@${stream}`,
    0,
    window,
    (since) => history.featureHoursSince(stream, since, window.from, window.until),
    async (hours, mask) => {
      const made = new Map<Minute, HourSummary>();
      for (const span of spans(hours)) {
        const block = await history.features(stream, span.from, span.until);
        for (const [hour, summary] of summariseFeatures(block, mask)) made.set(hour, summary);
      }
      return made;
    },
  );
}

/** By hour, without masked minutes and gaps. */
export function summariseFeatures(block: FeatureBlock, mask: Mask | null): Map<Minute, HourSummary> {
  const made = new Map<Minute, HourSummary>();
  for (let row = 0; row < block.minutes.length; ) {
    const hour = block.minutes[row]! - (block.minutes[row]! % 60);
    const kept: number[] = [];
    for (; row < block.minutes.length && block.minutes[row]! < hour + 60; row++) {
      if (block.usable[row]! === 1 && !mask?.(block.minutes[row]!)) kept.push(row);
    }
    const values = new Float32Array(kept.length * block.columns);
    for (const [i, at] of kept.entries()) {
      values.set(block.values.subarray(at * block.columns, (at + 1) * block.columns), i * block.columns);
    }
    if (kept.length > 0) made.set(hour, summarise(values, block.columns ?? FEATURE_COUNT));
  }
  return made;
}
