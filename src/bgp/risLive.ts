import { parseAddress, parsePrefix } from './address.js';
import { SET, START } from './asPath.js';
import { NOBODY } from './asPathAttribute.js';
import { ESTABLISHED, IDLE, NO_ORIGIN, NONE, ORIGIN_EGP, ORIGIN_IGP, ORIGIN_INCOMPLETE } from './batchColumns.js';
import { RisLiveScanner } from './risLiveScanner.js';
import type { UpdateBatchBuilder } from './updateBatchBuilder.js';

/**
 * What became of one RIS Live message (https://ris-live.ripe.net/manual/). `reason` says why a message is `bad`, or what
 * the server's `error` says; `timeMs` is the message's own time where it has one.
 */
export interface RisLiveOutcome {
  kind: 'update' | 'state' | 'keepalive' | 'error' | 'pong' | 'other' | 'bad';
  reason?: string;
  timeMs?: number;
  /** Of a message whose type this program does not know. */
  unknownType?: string;
  /** Why what an update announces was taken as withdrawn (RFC 7606, RFC 7607). */
  treatedAsWithdraw?: string;
}

/** 1990 to 2100: a time outside is damage, not history. */
const EARLIEST_SECONDS = 631_152_000;
const LATEST_SECONDS = 4_102_444_800;
/** Why a message later than the builder's `latestTime` is bad. */
export const FROM_THE_FUTURE = 'its time is in the future';
/** A BGP message with extended length (RFC 8654) has at most 65,535 bytes: no path or list is longer. */
const MAXIMUM_ENTRIES = 65_535;

const text64 = new Uint8Array(64);

class BadMessage extends Error {}

type Json = Record<string, unknown>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** ASCII of an address or prefix into `text64`; -1 when it cannot be one. */
function asBytes(value: unknown): number {
  if (typeof value !== 'string' || value.length > text64.length) return -1;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code > 127) return -1;
    text64[i] = code;
  }
  return value.length;
}

function sample(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

function asNumber(value: unknown, what: string): number {
  const number = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number > 0xffffffff) {
    throw new BadMessage(`${what} is not an AS number: ${sample(value)}`);
  }
  return number;
}

function addressOf(value: unknown, what: string, into: UpdateBatchBuilder): number {
  const shape = parseAddress(text64, 0, asBytes(value), into.words);
  if (shape < 0) throw new BadMessage(`${what} is not an IP address: ${sample(value)}`);
  return into.address(shape);
}

function prefixOf(value: unknown, into: UpdateBatchBuilder): number {
  const shape = parsePrefix(text64, 0, asBytes(value), into.words);
  if (shape < 0) throw new BadMessage(`no prefix: ${sample(value)}`);
  return into.prefix(shape);
}

function listOf(value: unknown, what: string): unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new BadMessage(`${what} is not a list`);
  if (value.length > MAXIMUM_ENTRIES) throw new BadMessage(`${what} has ${value.length} entries`);
  return value;
}

function timeOf(data: Json, latestMs: number): number {
  const seconds = data.timestamp;
  if (typeof seconds !== 'number' || !(seconds >= EARLIEST_SECONDS && seconds < LATEST_SECONDS)) {
    throw new BadMessage(`timestamp is not a time: ${sample(seconds)}`);
  }
  const timeMs = Math.round(seconds * 1000);
  if (timeMs > latestMs) throw new BadMessage(FROM_THE_FUTURE);
  return timeMs;
}

function originOf(value: unknown): number {
  if (value === undefined || value === null) return NO_ORIGIN;
  switch (typeof value === 'string' ? value.toLowerCase() : value) {
    case 'igp':
      return ORIGIN_IGP;
    case 'egp':
      return ORIGIN_EGP;
    case 'incomplete':
      return ORIGIN_INCOMPLETE;
    default:
      throw new BadMessage(`unknown origin: ${sample(value)}`);
  }
}

/** What stands in for a path that names AS 0. */
const BAD_PATH = -1;
const AS_ZERO = 'its path names AS 0 (RFC 7607)';

function pathOf(value: unknown, into: UpdateBatchBuilder): number {
  if (value === undefined || value === null) return NONE;
  let sound = true;
  const push = (hop: unknown, what: string, mark: number) => {
    const as = asNumber(hop, what);
    if (as === NOBODY) sound = false;
    into.paths.push(as, mark);
  };
  for (const hop of listOf(value, 'path')) {
    if (Array.isArray(hop)) {
      const members = listOf(hop, 'AS set');
      for (let i = 0; i < members.length; i++) {
        push(members[i], 'member of an AS set', i === 0 ? SET | START : SET);
      }
    } else push(hop, 'hop', 0);
  }
  if (into.paths.open > MAXIMUM_ENTRIES) throw new BadMessage('path is too long');
  if (sound) return into.paths.close();
  into.paths.drop();
  return BAD_PATH;
}

/** The first address of `next_hop`; an IPv6 one may be followed by a link-local one (RFC 2545, 3). */
function nextHopOf(value: unknown, into: UpdateBatchBuilder): number {
  if (value === undefined || value === null) return NONE;
  const comma = typeof value === 'string' ? value.indexOf(',') : -1;
  return addressOf(comma < 0 ? value : (value as string).slice(0, comma), 'next_hop', into);
}

function decodeUpdate(data: Json, into: UpdateBatchBuilder): RisLiveOutcome {
  const timeMs = timeOf(data, into.latestTime);
  const peer = into.peer(addressOf(data.peer, 'peer', into), asNumber(data.peer_asn, 'peer_asn'));
  into.begin();
  const path = pathOf(data.path, into);
  const origin = originOf(data.origin);
  for (const announcement of listOf(data.announcements, 'announcements')) {
    if (!isObject(announcement)) throw new BadMessage('announcement is not an object');
    const nextHop = nextHopOf(announcement.next_hop, into);
    for (const prefix of listOf(announcement.prefixes, 'prefixes')) into.announce(prefixOf(prefix, into), nextHop, 0);
  }
  for (const prefix of listOf(data.withdrawals, 'withdrawals')) into.withdraw(prefixOf(prefix, into), 0);
  const size = typeof data.raw === 'string' ? data.raw.length >> 1 : 0;
  const bad = path === BAD_PATH;
  if (bad) into.treatAsWithdraw();
  into.commitUpdate(timeMs, peer, size, origin, bad ? NONE : path);
  return { kind: 'update', timeMs, ...(bad ? { treatedAsWithdraw: AS_ZERO } : {}) };
}

function decodeState(data: Json, into: UpdateBatchBuilder): number {
  const timeMs = timeOf(data, into.latestTime);
  const peer = into.peer(addressOf(data.peer, 'peer', into), asNumber(data.peer_asn, 'peer_asn'));
  switch (data.state) {
    case 'connected':
    case 'up':
    case 'established':
      into.peerState(timeMs, peer, 0, ESTABLISHED);
      break;
    case 'down':
      into.peerState(timeMs, peer, ESTABLISHED, IDLE);
      break;
    default:
      throw new BadMessage(`unknown peer state: ${sample(data.state)}`);
  }
  return timeMs;
}

function unknown(type: unknown): RisLiveOutcome {
  const unknownType = sample(type);
  return { kind: 'other', reason: `unknown message type ${unknownType}`, unknownType };
}

function decodeData(data: unknown, into: UpdateBatchBuilder): RisLiveOutcome {
  if (!isObject(data)) throw new BadMessage('message without data');
  switch (data.type) {
    case 'UPDATE':
      return decodeUpdate(data, into);
    // the manual names the latter, the live feed sends the former
    case 'STATE':
    case 'RIS_PEER_STATE':
      return { kind: 'state', timeMs: decodeState(data, into) };
    case 'KEEPALIVE':
      return { kind: 'keepalive', timeMs: timeOf(data, into.latestTime) };
    case 'OPEN':
    case 'NOTIFICATION':
      return { kind: 'other', timeMs: timeOf(data, into.latestTime) };
    default:
      return unknown(data.type);
  }
}

const utf8 = new TextDecoder();

/** By way of JSON.parse: takes any spelling of a message. Never throws on bad input. */
export function decodeRisLiveJson(text: string | Uint8Array, into: UpdateBatchBuilder): RisLiveOutcome {
  let message: unknown;
  try {
    message = JSON.parse(typeof text === 'string' ? text : utf8.decode(text));
  } catch {
    return { kind: 'bad', reason: 'no JSON' };
  }
  if (!isObject(message)) return { kind: 'bad', reason: 'no JSON object' };
  try {
    switch (message.type) {
      case 'ris_message':
        return decodeData(message.data, into);
      case 'ris_error': {
        const data = message.data;
        return { kind: 'error', reason: sample(isObject(data) ? data.message : data) };
      }
      case 'pong':
        return { kind: 'pong' };
      default:
        return typeof message.type === 'string'
          ? unknown(message.type)
          : { kind: 'bad', reason: 'message without type' };
    }
  } catch (error) {
    into.rollback();
    if (error instanceof BadMessage) return { kind: 'bad', reason: error.message };
    throw error;
  }
}

/** Compiled by the first who has a message; null where it cannot run. */
let scanner: RisLiveScanner | null | undefined;

/**
 * Decodes one message of RIS Live into the builder. Never throws on bad input: the outcome says so, and the
 * builder stays as it was.
 */
export function decodeRisLiveMessage(text: string | Uint8Array, into: UpdateBatchBuilder): RisLiveOutcome {
  if (scanner === undefined) scanner = RisLiveScanner.open();
  const timeMs = scanner?.scan(text, into) ?? -1;
  return timeMs >= 0 ? { kind: 'update', timeMs } : decodeRisLiveJson(text, into);
}
