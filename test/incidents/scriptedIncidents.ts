import { decodeRisLiveMessage } from '../../src/bgp/risLive.js';
import { UpdateBatch, UpdateBatchBuilder } from '../../src/bgp/updateBatch.js';
import { MinuteAggregator } from '../../src/features/minuteAggregator.js';
import type { FeatureRow } from '../../src/features/row.js';
import { type CorrelatorContext, correlate, freshState } from '../../src/incidents/correlator.js';
import type { Incident } from '../../src/incidents/incident.js';
import type { MinuteInput } from '../../src/incidents/minuteInput.js';
import { Random } from '../../src/random/random.js';
import type { GroundTruth, ScriptedIncident } from '../../src/simulation/script.js';
import { SimulatedWorld } from '../../src/simulation/world.js';

const START = 29_000_000;
const LEARN = 180;
const APART = 90;

/** From here on the world is known well enough for incidents to begin. */
export const firstMinute = START + LEARN;

/** Five incidents, one of each class, of drawn length and size, well apart. */
function script(seed: number, learn: number): { incidents: ScriptedIncident[]; end: number } {
  const random = new Random(seed, 0x1c);
  const between = (low: number, high: number) => low + random.integer(high - low + 1);
  const kind = random.integer(2) === 0 ? 'origin' : 'more-specific';
  const drawn: Omit<ScriptedIncident, 'startMinute'>[] = [
    { class: 'hijack', hijack: kind, durationMinutes: between(15, 40), magnitude: between(2, 80) / 100 },
    { class: 'leak', durationMinutes: between(20, 45), magnitude: between(40, 90) / 100 },
    { class: 'outage', durationMinutes: between(20, 50), magnitude: between(20, 90) / 100 },
    { class: 'instability', durationMinutes: between(40, 120), magnitude: between(40, 90) / 100 },
    { class: 'reset', durationMinutes: between(2, 5), magnitude: 0.05 },
  ];
  let minute = START + learn;
  const incidents = drawn.map((incident) => {
    const placed = { ...incident, startMinute: minute };
    minute += incident.durationMinutes + APART;
    return placed;
  });
  return { incidents, end: minute };
}

/** The feature rows of a seed's world, through the product's own decoder and aggregator; `learn` quiet minutes first. */
export function scriptedRows(seed: number, learn = LEARN): { rows: FeatureRow[]; truth: GroundTruth[] } {
  const { incidents, end } = script(seed, learn);
  return playedRows(seed, incidents, end);
}

/** The same of incidents that are given; the first of them should begin at `firstMinute` at the earliest. */
export function playedRows(
  seed: number,
  incidents: ScriptedIncident[],
  end: number,
): { rows: FeatureRow[]; truth: GroundTruth[] } {
  const world = new SimulatedWorld({ seed, startMinute: START, incidents, resetsPerWeek: 0 });
  const aggregator = new MinuteAggregator({ stream: 'rrc00', startMinute: START - 1, warmUpMinutes: 60 });
  const add = (texts: readonly string[]) => {
    const builder = new UpdateBatchBuilder();
    for (const text of texts) {
      const outcome = decodeRisLiveMessage(text, builder);
      if (outcome.kind === 'bad') throw new Error(outcome.reason);
    }
    aggregator.add(UpdateBatch.decode(builder.finish()));
  };
  add(world.initialTable());
  for (let minute = START; minute < end; minute++) add(world.minute(minute));
  aggregator.advance((end + 1) * 60_000);
  return { rows: aggregator.take(), truth: world.groundTruth() };
}

/**
 * Rows as the correlator gets them. `latency` minutes after an incident began every minute of it counts as flagged, as
 * a detector would; null leaves it to the routes to speak for themselves.
 */
export function scriptedInputs(rows: readonly FeatureRow[], truth: readonly GroundTruth[], latency: number | null) {
  return rows.map(({ minute, kind, values, evidence }): MinuteInput => {
    const anomalous =
      latency !== null &&
      truth.some(({ startMinute, endMinute }) => {
        // A detector smooths, so it stays up a little after a short incident.
        return minute >= startMinute + latency && minute <= Math.max(endMinute, startMinute + latency + 2);
      });
    return {
      minute,
      gap: kind === 'gap',
      score: anomalous ? 3 : 0.2,
      threshold: 1,
      anomalous,
      votes: anomalous ? { heuristic: { surprise: 4, anomalous: true } } : {},
      values,
      evidence,
    };
  });
}

export interface Found {
  seed: number;
  scripted: GroundTruth;
  /** The incident that overlaps it most; null when it was missed. */
  incident: Incident | null;
}

/** Runs a seed; `extra` are incidents that overlap none of the script. */
export function findScripted(
  seed: number,
  context: CorrelatorContext,
  latency: number | null,
  world = scriptedRows(seed),
) {
  const { rows, truth } = world;
  return findIn(seed, scriptedInputs(rows, truth, latency), truth, context);
}

/** The same for minutes as a detector saw them. */
export function findIn(
  seed: number,
  inputs: readonly MinuteInput[],
  truth: readonly GroundTruth[],
  context: CorrelatorContext,
) {
  const { incidents } = correlate(freshState('rrc00'), inputs, context);
  const overlap = (incident: Incident, { startMinute, endMinute }: GroundTruth) =>
    Math.min(incident.endedAt ?? Number.POSITIVE_INFINITY, endMinute + 16) - Math.max(incident.startedAt, startMinute);
  const found = truth.map((scripted): Found => {
    const [best] = incidents
      .filter((incident) => overlap(incident, scripted) > 0)
      .sort((a, b) => overlap(b, scripted) - overlap(a, scripted));
    return { seed, scripted, incident: best ?? null };
  });
  const extra = incidents.filter((incident) => !truth.some((scripted) => overlap(incident, scripted) > 0));
  return { found, extra, minutes: inputs.length };
}

/** `class: named as -> times` */
export function confusion(found: readonly Found[]): Record<string, Record<string, number>> {
  const table: Record<string, Record<string, number>> = {};
  for (const { scripted, incident } of found) {
    const row = (table[scripted.class] ??= {});
    const name = incident?.class ?? 'missed';
    row[name] = (row[name] ?? 0) + 1;
  }
  return table;
}
