import type { Minute } from '../features/row.js';
import { originCode } from './message.js';
import { type DumpedPrefix, type DumpedRoute, tableDumpV2 } from './tableDump.js';
import type { SimulatedWorld } from './world.js';

/** Every route that was announced and not withdrawn before a minute, as a TABLE_DUMP_V2 file; the same bytes each time. */
export function worldTable(world: SimulatedWorld, until: Minute): Buffer {
  const { table } = world;
  const routes = new Map<string, { prefix: number; route: DumpedRoute }>();
  for (let minute = world.startMinute - 1; minute < until; minute++) {
    const messages = minute < world.startMinute ? world.initialMessages() : world.messages(minute);
    for (const { kind, session, path, prefixes, centisecond } of messages) {
      for (const prefix of prefixes) {
        const key = `${prefix} ${session}`;
        routes.delete(key);
        if (kind !== 'announce') continue;
        const hops = table.paths.path(path);
        const { address } = table.sessions[session]!;
        const origin = originCode(hops[hops.length - 1]!);
        const originated = Math.floor(centisecond / 100);
        routes.set(key, { prefix, route: { peer: session, path: hops, origin, nextHop: address, originated } });
      }
    }
  }
  const byPrefix = new Map<number, DumpedRoute[]>();
  for (const { prefix, route } of routes.values()) {
    const list = byPrefix.get(prefix);
    if (list === undefined) byPrefix.set(prefix, [route]);
    else list.push(route);
  }
  const prefixes: DumpedPrefix[] = [...byPrefix]
    .sort(([a], [b]) => a - b)
    .map(([prefix, list]) => ({
      prefix: table.prefixes[prefix]!.text,
      routes: list.sort((a, b) => a.peer - b.peer),
    }));
  return tableDumpV2(until * 60, table.sessions, prefixes);
}
