import { addressBytes, bgpUpdate } from './bgpUpdate.js';
import type { SimulatedMessage } from './message.js';
import type { RouteTable, Session } from './routeTable.js';

const BGP4MP_ET = 17;
const MESSAGE_AS4 = 4;
const STATE_CHANGE_AS4 = 5;
const ESTABLISHED = 6;
const IDLE = 1;

/** The collector's own AS and addresses, of the ranges for documentation (RFC 5398, RFC 5737, RFC 3849). */
const COLLECTOR_AS = 64_511;
const COLLECTOR_ADDRESS = { 4: '192.0.2.1', 6: '2001:db8:ff::1' } as const;

function peerHeader({ asNumber, address, family }: Session): Buffer {
  const numbers = Buffer.alloc(12);
  numbers.writeUInt32BE(asNumber, 0);
  numbers.writeUInt32BE(COLLECTOR_AS, 4);
  numbers.writeUInt16BE(0, 8);
  numbers.writeUInt16BE(family === 4 ? 1 : 2, 10);
  return Buffer.concat([numbers, addressBytes(address), addressBytes(COLLECTOR_ADDRESS[family])]);
}

/**
 * One BGP4MP_ET record (RFC 6396, 4.4 and 3): MESSAGE_AS4 for an update, STATE_CHANGE_AS4 for a session. The length in
 * the header counts the microseconds, as the RFC has it.
 */
export function mrtRecord(table: RouteTable, message: SimulatedMessage): Buffer {
  const session = table.sessions[message.session]!;
  const isState = message.kind === 'connected' || message.kind === 'down';
  const states = message.kind === 'connected' ? [0, IDLE, 0, ESTABLISHED] : [0, ESTABLISHED, 0, IDLE];
  const body = isState ? Buffer.from(states) : bgpUpdate(table, message);
  const peer = peerHeader(session);
  const head = Buffer.alloc(16);
  const rest = message.centisecond % 100;
  head.writeUInt32BE((message.centisecond - rest) / 100, 0);
  head.writeUInt16BE(BGP4MP_ET, 4);
  head.writeUInt16BE(isState ? STATE_CHANGE_AS4 : MESSAGE_AS4, 6);
  head.writeUInt32BE(4 + peer.length + body.length, 8);
  head.writeUInt32BE(rest * 10_000, 12);
  return Buffer.concat([head, peer, body]);
}

/** All messages of some minutes as an MRT file. */
export function mrtFile(table: RouteTable, messages: readonly SimulatedMessage[]): Buffer {
  return Buffer.concat(messages.map((message) => mrtRecord(table, message)));
}
