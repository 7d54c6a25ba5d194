import { MINUTES_PER_DAY, type Minute } from '../features/row.js';
import { hash, hashFraction } from '../random/hash.js';
import { Random } from '../random/random.js';
import { announcedTable } from './announcedTable.js';
import { Churn } from './churn.js';
import { groundTruthOf, type PlannedIncident, planIncidents } from './incident.js';
import { planIncidentMinute } from './incidentTraffic.js';
import { risLiveText, type SimulatedMessage } from './message.js';
import { driftPrepending, planOrdinaryMinute, planSettling, shapeAt, type TrafficShape } from './ordinaryTraffic.js';
import { NO_PATH, RouteTable } from './routeTable.js';
import type { GroundTruth, ScriptedDrift, ScriptedJoin } from './script.js';
import type { WorldOptions } from './worldOptions.js';
import { type Intent, NO_OVERRIDE, WorldState } from './worldState.js';

const SNAPSHOT_EVERY = 240;

/**
 * A small Internet seen by one route collector: the same options give the same bytes, minute by minute. Minutes may be
 * asked for in any order; in rising order each costs its own messages, otherwise the world is replayed from the last
 * snapshot before the minute (at most four hours).
 */
export class SimulatedWorld {
  readonly table: RouteTable;
  readonly host: string;
  readonly startMinute: Minute;
  readonly #seed: number;
  readonly #plans: PlannedIncident[];
  readonly #drift: ScriptedDrift[];
  readonly #join: ScriptedJoin | undefined;
  /** Sessions that speak before and after peers joined, as often as each is listed. */
  readonly #speaking: { before: number[]; after: number[] };
  readonly #messagesPerMinute: number;
  readonly #resetsPerWeek: number;
  readonly #churn: Churn | null;
  readonly #snapshots = new Map<Minute, WorldState>();
  #state: WorldState;
  #next: Minute;

  /** @throws RangeError when a scripted culprit is not an AS of this world */
  constructor(options: WorldOptions) {
    this.#seed = options.seed;
    this.startMinute = options.startMinute;
    this.host = options.host ?? 'rrc00';
    this.#drift = [...(options.drift ?? [])].sort((a, b) => a.fromMinute - b.fromMinute);
    this.#messagesPerMinute = options.messagesPerMinute ?? 30;
    this.#resetsPerWeek = options.resetsPerWeek ?? 1;
    this.table = new RouteTable(hash(options.seed, 0xa0));
    this.#join = options.join;
    const all = [...this.table.sessions.keys()];
    const joining = this.#joining();
    this.#speaking = {
      before: all.filter((session) => !joining.includes(session)),
      after: [...all, ...joining.flatMap((session) => Array<number>((options.join?.traffic ?? 1) - 1).fill(session))],
    };
    this.#plans = planIncidents(this.table, options.seed, options.incidents ?? []);
    this.#churn = options.churn === undefined ? null : new Churn(this.table, options.seed, options.churn);
    this.#state = this.#freshState();
    this.#next = options.startMinute;
    this.#snapshots.set(this.#next, this.#state.clone());
  }

  /** The last IPv4 sessions: their peers have no other. */
  #joining(): number[] {
    if (this.#join === undefined) return [];
    const ipv4 = [...this.table.sessions.keys()].filter((session) => this.table.sessions[session]!.family === 4);
    return ipv4.slice(-this.#join.peers);
  }

  #freshState(): WorldState {
    const { sessions, prefixes, topology, ordinaryPrefixes } = this.table;
    const state = new WorldState(sessions.length, prefixes.length, topology.numbers.length);
    for (const [session, { family }] of sessions.entries()) {
      for (let prefix = 0; prefix < ordinaryPrefixes; prefix++) {
        const { origin, family: own } = prefixes[prefix]!;
        if (own === family) state.current[session * state.prefixes + prefix] = this.table.normal(session, origin);
      }
    }
    for (const session of this.#joining()) {
      state.sessionDown[session] = 1;
      state.current.fill(NO_PATH, session * state.prefixes, (session + 1) * state.prefixes);
      state.planChange(this.#join!.fromMinute, { kind: 'session up', session });
    }
    return state;
  }

  /** AS numbers that scripts may name as culprits. */
  get asNumbers(): readonly number[] {
    return this.table.topology.numbers;
  }

  /** The scripted incidents as they are played, in the order of the script. */
  groundTruth(): GroundTruth[] {
    return this.#plans.map((plan) => groundTruthOf(this.table, plan));
  }

  /**
   * The whole table as every peer would announce it when its session begins, in the minute before `startMinute`.
   * RIS Live itself never sends it; archives have it as a RIB file.
   */
  initialTable(): string[] {
    return this.initialMessages().map((message) => risLiveText(this.table, this.host, message));
  }

  initialMessages(): SimulatedMessage[] {
    return announcedTable(this.table, this.#freshState(), this.startMinute - 1);
  }

  /** RIS Live texts of a minute, in event-time order. */
  minute(minute: Minute): string[] {
    const messages = this.messages(minute);
    const texts = new Array<string>(messages.length);
    for (let i = 0; i < messages.length; i++) texts[i] = risLiveText(this.table, this.host, messages[i]!);
    return texts;
  }

  /** @throws RangeError for a minute before the world's start */
  messages(minute: Minute): SimulatedMessage[] {
    if (minute < this.startMinute) {
      throw new RangeError(`minute ${minute} is before the simulated world's start, ${this.startMinute}`);
    }
    const snapshot = this.startMinute + Math.floor((minute - this.startMinute) / SNAPSHOT_EVERY) * SNAPSHOT_EVERY;
    const saved = this.#snapshots.get(snapshot);
    if (minute < this.#next || (saved !== undefined && snapshot > this.#next)) {
      this.#state = saved!.clone();
      this.#next = snapshot;
    }
    while (this.#next < minute) this.#advance();
    return this.#advance();
  }

  #advance(): SimulatedMessage[] {
    const minute = this.#next;
    if ((minute - this.startMinute) % SNAPSHOT_EVERY === 0 && !this.#snapshots.has(minute)) {
      this.#snapshots.set(minute, this.#state.clone());
    }
    const shape = shapeAt(this.#drift, minute);
    const messages: SimulatedMessage[] = [];
    this.#applyChanges(minute, messages);
    this.#planIncidents(minute, messages);
    this.#planReset(minute, messages);
    this.#planChurn(minute);
    const random = new Random(this.#seed, 0xa1, minute);
    const joined = this.#join !== undefined && minute >= this.#join.fromMinute;
    const { before, after } = this.#speaking;
    const wanted = this.#messagesPerMinute * (joined ? after.length / before.length : 1);
    const speaking = joined ? after : before;
    planOrdinaryMinute(this.table, this.#state, minute, wanted, shape, random, this.#seed, speaking);
    this.#play(minute, shape, messages);
    this.#next = minute + 1;
    return messages;
  }

  #applyChanges(minute: Minute, messages: SimulatedMessage[]): void {
    const changes = this.#state.changes.get(minute);
    if (changes === undefined) return;
    this.#state.changes.delete(minute);
    for (const [index, change] of changes.entries()) {
      const random = new Random(this.#seed, 0xa2, minute, index);
      if (change.kind === 'link up') {
        this.#state.linkDown[change.origin] = 0;
        const from = minute * 6000 + random.integer(4000);
        for (const session of this.table.sessions.keys()) {
          planSettling(this.table, this.#state, session, change.origin, from, random, 0.25);
        }
      } else this.#sessionUp(minute, change.session, messages, random);
    }
  }

  #planIncidents(minute: Minute, messages: SimulatedMessage[]): void {
    const running = this.#plans.filter(({ script }) => {
      const elapsed = minute - script.startMinute;
      return elapsed >= 0 && elapsed <= script.durationMinutes;
    });
    for (const plan of running) {
      const random = new Random(this.#seed, 0xa3, minute, plan.index);
      const last = (other: PlannedIncident) => other.script.startMinute + other.script.durationMinutes;
      const others = running.filter((other) => other !== plan && minute < last(other));
      planIncidentMinute(this.table, this.#state, plan, others, minute, random);
      if (minute === plan.script.startMinute) for (const session of plan.resets) this.#down(minute, session, messages);
    }
  }

  /** A route that something else forces already stays as it is. */
  #planChurn(minute: Minute): void {
    if (this.#churn === null) return;
    const { prefixes, override } = this.#state;
    const random = new Random(this.#seed, 0xa8, minute);
    const force = (from: number, to: number, session: number, prefix: number) => {
      const at = session * prefixes + prefix;
      if (override[at] !== from) return;
      override[at] = to;
      const centisecond = minute * 6000 + random.integer(5900);
      this.#state.plan({ centisecond, session, action: 'settle', value: 0, prefixes: [prefix] });
    };
    const { starting, ending } = this.#churn.at(minute);
    for (const { forced } of ending)
      for (const { session, prefix, path } of forced) force(path, NO_OVERRIDE, session, prefix);
    for (const { forced } of starting)
      for (const { session, prefix, path } of forced) force(NO_OVERRIDE, path, session, prefix);
  }

  /** Now and then an ordinary session reset, but never within two hours of a scripted incident. */
  #planReset(minute: Minute, messages: SimulatedMessage[]): void {
    const day = Math.floor(minute / MINUTES_PER_DAY);
    if (hashFraction(this.#seed, 0xa4, day) >= this.#resetsPerWeek / 7) return;
    if (minute % MINUTES_PER_DAY !== hash(this.#seed, 0xa5, day) % MINUTES_PER_DAY) return;
    const near = ({ script }: PlannedIncident) =>
      minute > script.startMinute - 120 && minute < script.startMinute + script.durationMinutes + 120;
    const session = hash(this.#seed, 0xa6, day) % this.table.sessions.length;
    if (this.#plans.some(near) || this.#state.sessionDown[session] === 1) return;
    this.#state.sessionDown[session] = 1;
    this.#down(minute, session, messages);
    this.#state.planChange(minute + 1 + (hash(this.#seed, 0xa7, day) % 3), { kind: 'session up', session });
  }

  #down(minute: Minute, session: number, messages: SimulatedMessage[]): void {
    const { prefixes } = this.#state;
    this.#state.current.fill(NO_PATH, session * prefixes, (session + 1) * prefixes);
    this.#emit(messages, { centisecond: minute * 6000, session, kind: 'down', path: NO_PATH, salt: 0, prefixes: [] });
  }

  /** The peer comes back and announces its table again, in the order of its paths, within some forty seconds. */
  #sessionUp(minute: Minute, session: number, messages: SimulatedMessage[], random: Random): void {
    this.#state.sessionDown[session] = 0;
    const at = minute * 6000 + 200;
    this.#emit(messages, { centisecond: at, session, kind: 'connected', path: NO_PATH, salt: 0, prefixes: [] });
    const { family } = this.table.sessions[session]!;
    for (const list of this.table.prefixesOf) {
      const prefixes = list.filter((prefix) => this.table.prefixes[prefix]!.family === family);
      if (prefixes.length === 0) continue;
      this.#state.plan({ centisecond: at + 50 + random.integer(4000), session, action: 'settle', value: 0, prefixes });
    }
    for (let prefix = this.table.ordinaryPrefixes; prefix < this.#state.prefixes; prefix++) {
      this.#state.plan({ centisecond: at + 50, session, action: 'settle', value: 0, prefixes: [prefix] });
    }
  }

  #play(minute: Minute, shape: TrafficShape, messages: SimulatedMessage[]): void {
    const intents = this.#state.intents.get(minute) ?? [];
    this.#state.intents.delete(minute);
    // Array.sort is stable: intents of the same moment keep the order in which they were planned.
    intents.sort((a, b) => a.centisecond - b.centisecond);
    const controls = messages.splice(0).sort((a, b) => a.centisecond - b.centisecond);
    let control = 0;
    for (const intent of intents) {
      while (control < controls.length && controls[control]!.centisecond <= intent.centisecond) {
        this.#emit(messages, controls[control++]!);
      }
      if (this.#state.sessionDown[intent.session] === 0) this.#perform(intent, shape, messages);
    }
    while (control < controls.length) this.#emit(messages, controls[control++]!);
  }

  #target(session: number, prefix: number, shape: TrafficShape): number {
    const override = this.#state.override[session * this.#state.prefixes + prefix]!;
    let path = override;
    if (override === NO_OVERRIDE) {
      if (prefix >= this.table.ordinaryPrefixes) return NO_PATH;
      const { origin } = this.table.prefixes[prefix]!;
      const down = this.#state.linkDown[origin] === 1;
      path = down ? this.table.linkDown(session, origin) : this.table.normal(session, origin);
    }
    if (path === NO_PATH) return NO_PATH;
    return this.table.paths.prepended(path, driftPrepending(this.#seed, prefix, shape));
  }

  /** Turns an intent into messages: one for each path that its prefixes now take. */
  #perform(intent: Intent, shape: TrafficShape, messages: SimulatedMessage[]): void {
    const { session, action, value, centisecond } = intent;
    const base = session * this.#state.prefixes;
    const byPath = new Map<number, number[]>();
    for (const prefix of intent.prefixes) {
      const before = this.#state.current[base + prefix]!;
      let path: number;
      if (action === 'withdraw') path = NO_PATH;
      else if (action === 'repeat' || action === 'community') {
        if (before === NO_PATH) continue;
        path = before;
      } else if (action === 'announce') {
        path = this.table.paths.prepended(value, driftPrepending(this.#seed, prefix, shape));
      } else {
        path = this.#target(session, prefix, shape);
        if (action === 'prepend' && path !== NO_PATH) path = this.table.paths.prepended(path, value);
        if (path === before) continue;
      }
      this.#state.current[base + prefix] = path;
      const list = byPath.get(path);
      if (list === undefined) byPath.set(path, [prefix]);
      else list.push(prefix);
    }
    for (const [path, prefixes] of byPath) {
      const kind = path === NO_PATH ? 'withdraw' : 'announce';
      this.#emit(messages, { centisecond, session, kind, path, salt: action === 'community' ? value : 0, prefixes });
    }
  }

  #emit(messages: SimulatedMessage[], message: Omit<SimulatedMessage, 'sequence'>): void {
    messages.push({ ...message, sequence: (this.#next - this.startMinute) * 10_000 + messages.length });
  }
}
