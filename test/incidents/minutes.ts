import type { MinuteEvidence } from '../../src/features/row.js';
import { type CorrelatorContext, correlate, freshState } from '../../src/incidents/correlator.js';
import type { MinuteInput } from '../../src/incidents/minuteInput.js';
import { incidentSettings } from '../../src/incidents/settings.js';
import { watchSettings } from '../../src/incidents/watch/settings.js';
import { WatchList } from '../../src/incidents/watchList.js';

export const NO_EVIDENCE: MinuteEvidence = {
  prefixes: [],
  origins: [],
  peers: [],
  newOrigins: [],
  moreSpecifics: [],
  newLinks: [],
  withdrawn: [],
  resets: [],
};

const PEERS = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4', '192.0.2.5', '192.0.2.6'];

/** A quiet minute of a small stream with six peers. */
export function quietMinute(minute: number, change: Partial<MinuteInput> = {}): MinuteInput {
  const values = new Float32Array(37);
  values.set([60, 5, 80, 8, 4.1, 7, 3.9, 4, 30, 1, 3, 1, 0.8]);
  return {
    minute,
    gap: false,
    score: 0.2,
    threshold: 1,
    anomalous: false,
    votes: { heuristic: { surprise: 0.3, anomalous: false } },
    values: [...values],
    evidence: { ...NO_EVIDENCE, peers: PEERS.map((name) => ({ name, count: 10 })) },
    ...change,
  };
}

export function loudMinute(minute: number, evidence: Partial<MinuteEvidence> = {}, score = 3): MinuteInput {
  const quiet = quietMinute(minute);
  const values = Array.from(quiet.values);
  values[0] = 600;
  values[2] = 900;
  return {
    ...quiet,
    values,
    score,
    anomalous: true,
    votes: {
      heuristic: {
        surprise: 4,
        anomalous: true,
        explanation: [{ name: 'announcements', share: 1, words: 'announcements 600, limit 200' }],
      },
      lstm: { surprise: 1, anomalous: false },
    },
    evidence: { ...quiet.evidence!, ...evidence },
  };
}

export function gapMinute(minute: number): MinuteInput {
  return { ...quietMinute(minute), gap: true, score: null, threshold: null, votes: {}, values: [], evidence: null };
}

export function contextOf(
  settings: Parameters<typeof incidentSettings.parse>[0] = {},
  watch: Parameters<typeof watchSettings.parse>[0] = {},
  validityOf: CorrelatorContext['validityOf'] = () => undefined,
): CorrelatorContext {
  return {
    settings: incidentSettings.parse(settings),
    watchList: new WatchList(watchSettings.parse(watch)),
    validityOf,
  };
}

/** Quiet minutes 1000 .. 1000+count-1, with some replaced. */
export function story(count: number, replaced: MinuteInput[]): MinuteInput[] {
  const byMinute = new Map(replaced.map((input) => [input.minute, input]));
  return Array.from({ length: count }, (_, index) => byMinute.get(1000 + index) ?? quietMinute(1000 + index));
}

export function correlated(minutes: MinuteInput[], context = contextOf()) {
  return correlate(freshState('rrc00'), minutes, context);
}
