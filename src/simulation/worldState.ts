import type { Minute } from '../features/row.js';
import { NO_PATH } from './routeTable.js';

/** What a peer will do at a moment; the path is worked out when the moment comes, from what then holds. */
export interface Intent {
  centisecond: number;
  session: number;
  action: 'settle' | 'announce' | 'withdraw' | 'repeat' | 'prepend' | 'community';
  /** Path for `announce`, number of repetitions for `prepend`, salt for `community`. */
  value: number;
  prefixes: readonly number[];
}

/** Changes of the world itself, done at the start of a minute. */
export type Change = { kind: 'link up'; origin: number } | { kind: 'session up'; session: number };

export const NO_OVERRIDE = -2;

/** Everything that one minute leaves to the next. */
export class WorldState {
  /** [sessions x prefixes] path that the collector last heard, NO_PATH for none */
  current: Int32Array;
  /** [sessions x prefixes] path that an incident forces, NO_OVERRIDE for none */
  override: Int32Array;
  /** [ases] 1 while the link to the first provider is down */
  linkDown: Uint8Array;
  /** [sessions] 1 while the session is down */
  sessionDown: Uint8Array;
  intents = new Map<Minute, Intent[]>();
  changes = new Map<Minute, Change[]>();

  constructor(
    readonly sessions: number,
    readonly prefixes: number,
    readonly ases: number,
  ) {
    this.current = new Int32Array(sessions * prefixes).fill(NO_PATH);
    this.override = new Int32Array(sessions * prefixes).fill(NO_OVERRIDE);
    this.linkDown = new Uint8Array(ases);
    this.sessionDown = new Uint8Array(sessions);
  }

  plan(intent: Intent): void {
    const minute = Math.floor(intent.centisecond / 6000);
    const list = this.intents.get(minute);
    if (list === undefined) this.intents.set(minute, [intent]);
    else list.push(intent);
  }

  planChange(minute: Minute, change: Change): void {
    const list = this.changes.get(minute);
    if (list === undefined) this.changes.set(minute, [change]);
    else list.push(change);
  }

  clone(): WorldState {
    const copy = new WorldState(0, 0, 0);
    return Object.assign(copy, {
      sessions: this.sessions,
      prefixes: this.prefixes,
      ases: this.ases,
      current: this.current.slice(),
      override: this.override.slice(),
      linkDown: this.linkDown.slice(),
      sessionDown: this.sessionDown.slice(),
      intents: new Map([...this.intents].map(([minute, list]) => [minute, [...list]])),
      changes: new Map([...this.changes].map(([minute, list]) => [minute, [...list]])),
    });
  }
}
