import type { Minute } from '../features/row.js';
import type { ScriptedDrift, ScriptedIncident, ScriptedJoin } from './script.js';
import { SimulatedWorld } from './world.js';

export interface Scenario {
  seed: number;
  startMinute: Minute;
  /** The first minute that is played live; those before are history for the first models. */
  liveMinute: Minute;
  /** The first minute after the story. */
  endMinute: Minute;
  /** The first drifted minute. */
  driftMinute: Minute;
  incidents: ScriptedIncident[];
  drift: ScriptedDrift[];
  join?: ScriptedJoin;
  messagesPerMinute: number;
  resetsPerWeek: number;
}

export interface DemoScenarioOptions {
  seed?: number;
  messagesPerMinute?: number;
  /** History before the live stretch (default 8.5 days). */
  historyHours?: number;
  /** The live stretch with incidents, before drift (default 30). */
  liveHours?: number;
  /** Drifted traffic at the end (default 40), so that a window of 24 h can fill with it. */
  driftHours?: number;
  /** Factor of ordinary traffic after drift (default 1.8). */
  driftLevel?: number;
  driftDuplicates?: number;
  driftPrepending?: number;
  /** Peers that join with their tables at the drift, each with four times the traffic of another (default 0). */
  joiningPeers?: number;
  /** Replaces the incidents; `startMinute` counts from the start of the live stretch. */
  incidents?: ScriptedIncident[];
}

/** Minutes from the start of the live stretch; well apart, and the last six hours before drift are quiet. */
const DEMO_INCIDENTS: ScriptedIncident[] = [
  { class: 'hijack', hijack: 'origin', startMinute: 3 * 60, durationMinutes: 35, magnitude: 0.7 },
  { class: 'leak', startMinute: 8 * 60 + 20, durationMinutes: 40, magnitude: 0.8 },
  { class: 'outage', startMinute: 14 * 60 + 10, durationMinutes: 50, magnitude: 0.8 },
  { class: 'instability', startMinute: 20 * 60, durationMinutes: 90, magnitude: 0.7 },
];

/** The story of `npm run demo`: history, incidents of different classes, then traffic that is different for good. */
export function demoScenario(startMinute: Minute, options: DemoScenarioOptions = {}): Scenario {
  const liveMinute = startMinute + Math.round((options.historyHours ?? 8.5 * 24) * 60);
  const driftMinute = liveMinute + Math.round((options.liveHours ?? 30) * 60);
  const incidents = (options.incidents ?? DEMO_INCIDENTS).map((incident) => ({
    ...incident,
    startMinute: liveMinute + incident.startMinute,
  }));
  return {
    seed: options.seed ?? 20_260_101,
    startMinute,
    liveMinute,
    driftMinute,
    endMinute: driftMinute + Math.round((options.driftHours ?? 40) * 60),
    incidents,
    drift: [
      {
        fromMinute: driftMinute,
        rampMinutes: 30,
        level: options.driftLevel ?? 1.8,
        duplicates: options.driftDuplicates ?? 1.2,
        prepending: options.driftPrepending ?? 0.1,
      },
    ],
    ...(options.joiningPeers ? { join: { fromMinute: driftMinute, peers: options.joiningPeers, traffic: 4 } } : {}),
    messagesPerMinute: options.messagesPerMinute ?? 30,
    resetsPerWeek: 1,
  };
}

export function worldOf(scenario: Scenario): SimulatedWorld {
  return new SimulatedWorld(scenario);
}
