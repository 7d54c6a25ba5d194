import type { BenchResult } from '../result.js';
import { type EventKind, FAULTS, type Fault, LOOK_ALIKES } from './event.js';
import type { Judged } from './judgement.js';
import type { Trace } from './whyMissed.js';

export interface EventVerdict extends Judged, Trace {
  pass: number;
}

const HALF: Fault[] = ['exact hijack', 'sub-prefix hijack'];
const FEW: Fault[] = ['exact hijack, few peers', 'sub-prefix hijack, few peers'];
const REST: Fault[] = ['leak of 1,000', 'leak of 20,000', 'outage of a network', 'outage of a transit'];

const isFault = ({ event }: EventVerdict) => (FAULTS as readonly string[]).includes(event.kind);
const share = (list: readonly EventVerdict[], passes: (verdict: EventVerdict) => boolean) =>
  list.length === 0 ? null : list.filter(passes).length / list.length;
const round = (value: number) => Math.round(value * 1000) / 1000;

function median(values: readonly number[]): number | null {
  return values.length === 0 ? null : [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

const delays = (list: readonly EventVerdict[]) =>
  list.map(({ delaySeconds }) => delaySeconds).filter((seconds) => seconds !== null);

/** What became of one kind's events. */
export function tableOf(kind: EventKind, verdicts: readonly EventVerdict[]) {
  const own = verdicts.filter(({ event }) => event.kind === kind);
  const classes: Record<string, number> = {};
  for (const { found } of own) {
    const name = found === null ? 'missed' : `${found.class}, ${found.severity}`;
    classes[name] = (classes[name] ?? 0) + 1;
  }
  return {
    kind,
    events: own.length,
    raised: own.filter(({ raised }) => raised).length,
    swallowed: own.filter(({ swallowed }) => swallowed).length,
    ownRightName: own.filter((verdict) => verdict.own).length,
    medianDelaySeconds: median(delays(own)),
    classes,
  };
}

function line(what: string, ours: number | null, goal: number, unit: string, side: 'least' | 'most'): BenchResult[] {
  if (ours === null) return [];
  const ratio = side === 'least' ? ours / goal : Math.min(10, goal / ours);
  return [
    {
      what,
      ours: round(ours),
      yardstick: goal,
      yardstick_name: 'the goal',
      unit,
      ratio: round(ratio),
      goal: `${side === 'least' ? '>=' : '<='} ${goal}`,
    },
  ];
}

export function resultsOf(verdicts: readonly EventVerdict[]): BenchResult[] {
  const of = (...kinds: readonly EventKind[]) => verdicts.filter(({ event }) => kinds.includes(event.kind));
  const recall = (what: string, list: readonly EventVerdict[], goal: number) =>
    line(
      `${what}: ${list.length} events, share raised at or over major`,
      share(list, (v) => v.raised),
      goal,
      'share',
      'least',
    );
  const faults = verdicts.filter(isFault);
  const alikes = of(...LOOK_ALIKES);
  return [
    ...recall('hijacks seen by half of the peers', of(...HALF), 0.95),
    ...recall('hijacks seen by a tenth', of(...FEW), 0.7),
    ...recall('forged origins', of('forged origin'), 0.7),
    ...REST.flatMap((kind) => recall(kind, of(kind), 0.95)),
    ...line(
      `look-alikes: ${alikes.length}, share that raised an incident at or over major`,
      share(alikes, ({ raised }) => raised),
      0.05,
      'share',
      'most',
    ),
    ...line('median delay of those raised, event time', median(delays(faults)), 120, 's', 'most'),
    ...line(
      'incidents of their own that name the right network',
      share(faults, ({ own }) => own),
      0.95,
      'share',
      'least',
    ),
    ...line(
      'the same of those raised',
      share(
        faults.filter(({ raised }) => raised),
        ({ own }) => own,
      ),
      0.95,
      'share',
      'least',
    ),
  ];
}
