import type { Minute } from '../features/row.js';
import type { SimulatedMessage } from './message.js';
import { NO_PATH, type RouteTable } from './routeTable.js';
import type { WorldState } from './worldState.js';

/** The whole table as every peer announces it when its session begins, within one minute and in event-time order. */
export function announcedTable(table: RouteTable, state: WorldState, minute: Minute): SimulatedMessage[] {
  const messages: SimulatedMessage[] = [];
  for (const session of table.sessions.keys()) {
    const first = minute * 6000 + session * 500;
    let n = 0;
    for (const [path, prefixes] of tableOf(state, session)) {
      const centisecond = first + (n++ % 400);
      const sequence = messages.length;
      messages.push({ centisecond, session, kind: 'announce', path, salt: 0, prefixes, sequence });
    }
  }
  messages.sort((a, b) => a.centisecond - b.centisecond || a.sequence - b.sequence);
  return messages;
}

/** A session's routes by path, where it has any. */
function tableOf(state: WorldState, session: number): Map<number, number[]> {
  const byPath = new Map<number, number[]>();
  for (let prefix = 0; prefix < state.prefixes; prefix++) {
    const path = state.current[session * state.prefixes + prefix]!;
    if (path === NO_PATH) continue;
    const list = byPath.get(path);
    if (list === undefined) byPath.set(path, [prefix]);
    else list.push(prefix);
  }
  return byPath;
}
