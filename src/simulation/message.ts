import { hash } from '../random/hash.js';
import type { RouteTable } from './routeTable.js';

/** One BGP message or session change as the collector sees it, before it is written as JSON or MRT. */
export interface SimulatedMessage {
  /** Hundredths of a second since 1970-01-01T00:00Z. */
  centisecond: number;
  session: number;
  kind: 'announce' | 'withdraw' | 'connected' | 'down';
  /** Of the path table; -1 unless `announce`. */
  path: number;
  /** Changes the communities, and nothing else. */
  salt: number;
  /** Indices of prefixes, all of the session's address family. */
  prefixes: readonly number[];
  /** Unique inside the world. */
  sequence: number;
}

/** BGP ORIGIN codes (RFC 4271, 4.3): mostly IGP. */
export function originCode(asNumber: number): 0 | 1 | 2 {
  const draw = hash(23, asNumber) % 100;
  if (draw < 7) return 2;
  return draw === 99 ? 1 : 0;
}

/** Standard communities (RFC 1997) as [AS, value]; their AS part has 16 bits. */
export function communitiesOf(table: RouteTable, message: SimulatedMessage): [number, number][] {
  const path = table.paths.path(message.path);
  const mixed = hash(table.paths.hash(message.path), message.salt);
  const first = path[0]! & 0xffff;
  const second = path[Math.min(1, path.length - 1)]! & 0xffff;
  return mixed % 3 === 0
    ? [[first, mixed % 900]]
    : [
        [first, mixed % 900],
        [second, (mixed >>> 10) % 5000],
      ];
}

const ORIGIN_TEXTS = ['igp', 'egp', 'incomplete'] as const;

/** `1767225600.5` as `1767225600.50`: two digits, as RIS Live sends them. */
export function secondsText(centisecond: number): string {
  const rest = centisecond % 100;
  return `${(centisecond - rest) / 100}.${rest < 10 ? '0' : ''}${rest}`;
}

/**
 * The text of a `ris_message` (https://ris-live.ripe.net/manual/). Built by joining prepared parts, as this is the
 * largest cost of playing a week in seconds.
 *
 * @param raw the BGP message in hexadecimal, for clients that asked for it
 */
export function risLiveText(table: RouteTable, host: string, message: SimulatedMessage, raw?: string): string {
  const { address, asNumber } = table.sessions[message.session]!;
  const time = secondsText(message.centisecond);
  const rawText = raw === undefined ? '' : `"raw":"${raw}",`;
  const head = `{"type":"ris_message","data":{"timestamp":${time},"peer":"${address}","peer_asn":"${asNumber}","id":"${address}-${time}-${message.sequence}",${rawText}"host":"${host}",`;
  if (message.kind === 'connected' || message.kind === 'down') {
    return `${head}"type":"RIS_PEER_STATE","state":"${message.kind}"}}`;
  }
  let list = '';
  for (const prefix of message.prefixes) {
    list += list === '' ? `"${table.prefixes[prefix]!.text}"` : `,"${table.prefixes[prefix]!.text}"`;
  }
  if (message.kind === 'withdraw') return `${head}"type":"UPDATE","withdrawals":[${list}]}}`;
  const path = table.paths.path(message.path);
  let communities = '';
  for (const [as, value] of communitiesOf(table, message)) {
    communities += communities === '' ? `[${as},${value}]` : `,[${as},${value}]`;
  }
  const origin = ORIGIN_TEXTS[originCode(path[path.length - 1]!)];
  return `${head}"type":"UPDATE","path":${table.paths.text(message.path)},"community":[${communities}],"origin":"${origin}","announcements":[{"next_hop":"${address}","prefixes":[${list}]}]}}`;
}
