import { communitiesOf, originCode, type SimulatedMessage } from './message.js';
import type { RouteTable } from './routeTable.js';

const ORIGIN = 1;
const AS_PATH = 2;
const NEXT_HOP = 3;
const COMMUNITIES = 8;
const MP_REACH_NLRI = 14;
const MP_UNREACH_NLRI = 15;
const TRANSITIVE = 0x40;
const OPTIONAL = 0x80;
const EXTENDED = 0x10;
const AS_SEQUENCE = 2;
const UNICAST = 1;
const HEADER = 19;
const UPDATE = 2;

/** An address in network order: 4 or 16 bytes. */
export function addressBytes(text: string): Buffer {
  if (!text.includes(':')) return Buffer.from(text.split('.').map(Number));
  const [left = '', right = ''] = text.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const head = groups(left);
  const tail = groups(right);
  const all = [...head, ...new Array<string>(8 - head.length - tail.length).fill('0'), ...tail];
  const bytes = Buffer.alloc(16);
  for (const [i, group] of all.entries()) bytes.writeUInt16BE(Number.parseInt(group, 16), i * 2);
  return bytes;
}

/** Prefixes as NLRI (RFC 4271, 4.3): a length in bits and as many bytes as it needs. */
function nlri(table: RouteTable, prefixes: readonly number[]): Buffer {
  return Buffer.concat(
    prefixes.flatMap((index) => {
      const { text, length } = table.prefixes[index]!;
      const address = addressBytes(text.slice(0, text.indexOf('/')));
      return [Buffer.from([length]), address.subarray(0, Math.ceil(length / 8))];
    }),
  );
}

function attribute(flags: number, code: number, value: Buffer): Buffer {
  const head =
    value.length > 255
      ? Buffer.from([flags | EXTENDED, code, value.length >> 8, value.length & 0xff])
      : Buffer.from([flags, code, value.length]);
  return Buffer.concat([head, value]);
}

function asPath(path: readonly number[]): Buffer {
  const value = Buffer.alloc(2 + path.length * 4);
  value[0] = AS_SEQUENCE;
  value[1] = path.length;
  for (const [i, as] of path.entries()) value.writeUInt32BE(as, 2 + i * 4);
  return value;
}

/**
 * The UPDATE as it was on the wire, between speakers of 4-byte AS numbers: RFC 4271, RFC 4760 (IPv6), RFC 6793.
 *
 * @throws TypeError for a session state, which is no BGP message
 */
export function bgpUpdate(table: RouteTable, message: SimulatedMessage): Buffer {
  if (message.kind !== 'announce' && message.kind !== 'withdraw')
    throw new TypeError(`${message.kind} is not an UPDATE`);
  const { family, address } = table.sessions[message.session]!;
  const list = nlri(table, message.prefixes);
  const none = Buffer.alloc(0);
  const attributes: Buffer[] = [];
  if (message.kind === 'announce') {
    const path = table.paths.path(message.path);
    attributes.push(attribute(TRANSITIVE, ORIGIN, Buffer.from([originCode(path[path.length - 1]!)])));
    attributes.push(attribute(TRANSITIVE, AS_PATH, asPath(path)));
    if (family === 4) attributes.push(attribute(TRANSITIVE, NEXT_HOP, addressBytes(address)));
    const communities = communitiesOf(table, message).flatMap(([as, value]) => [
      as >> 8,
      as & 0xff,
      value >> 8,
      value & 0xff,
    ]);
    attributes.push(attribute(OPTIONAL | TRANSITIVE, COMMUNITIES, Buffer.from(communities)));
    if (family === 6) {
      const head = Buffer.from([0, 2, UNICAST, 16]);
      attributes.push(
        attribute(OPTIONAL, MP_REACH_NLRI, Buffer.concat([head, addressBytes(address), Buffer.alloc(1), list])),
      );
    }
  } else if (family === 6) {
    attributes.push(attribute(OPTIONAL, MP_UNREACH_NLRI, Buffer.concat([Buffer.from([0, 2, UNICAST]), list])));
  }
  const withdrawn = message.kind === 'withdraw' && family === 4 ? list : none;
  const announced = message.kind === 'announce' && family === 4 ? list : none;
  const body = Buffer.concat(attributes);
  const length = HEADER + 2 + withdrawn.length + 2 + body.length + announced.length;
  const head = Buffer.alloc(HEADER + 2, 0xff);
  head.writeUInt16BE(length, 16);
  head[18] = UPDATE;
  head.writeUInt16BE(withdrawn.length, 19);
  const attributesLength = Buffer.from([body.length >> 8, body.length & 0xff]);
  return Buffer.concat([head, withdrawn, attributesLength, body, announced]);
}
