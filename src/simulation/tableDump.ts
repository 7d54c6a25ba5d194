import { addressBytes } from './bgpUpdate.js';

/** A peer of a table dump, and a route of it. */
export interface DumpedPeer {
  address: string;
  asNumber: number;
}

export interface DumpedRoute {
  /** Index of the peer. */
  peer: number;
  path: readonly number[];
  /** ORIGIN (RFC 4271, 5.1.1). */
  origin: 0 | 1 | 2;
  nextHop: string;
  /** When the route was originated, seconds. */
  originated: number;
  /** Path identifier of ADD-PATH; all routes of a prefix have one, or none. */
  pathId?: number;
}

export interface DumpedPrefix {
  /** Such as `192.0.2.0/24`. */
  prefix: string;
  routes: readonly DumpedRoute[];
}

const TABLE_DUMP = 12;
const TABLE_DUMP_V2 = 13;
const PEER_INDEX_TABLE = 1;
const RIB_UNICAST = { 4: 2, 6: 4 } as const;
const RIB_UNICAST_ADDPATH = { 4: 8, 6: 10 } as const;

const u8 = (...values: number[]) => Buffer.from(values);
const u16 = (value: number) => u8(value >> 8, value & 0xff);
const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

function record(seconds: number, type: number, subtype: number, body: Buffer): Buffer {
  return Buffer.concat([u32(seconds), u16(type), u16(subtype), u32(body.length), body]);
}

function attribute(flags: number, type: number, value: Buffer): Buffer {
  return value.length > 255
    ? Buffer.concat([u8(flags | 0x10, type), u16(value.length), value])
    : Buffer.concat([u8(flags, type, value.length), value]);
}

/** ORIGIN, AS_PATH of `width` bytes a number, and the next hop; that of IPv6 abbreviated (RFC 6396, 4.3.4) or whole. */
function attributes(route: DumpedRoute, width: 2 | 4, abbreviated: boolean): Buffer {
  const numbers = route.path.map((as) => (width === 4 ? u32(as) : u16(as)));
  const hop = addressBytes(route.nextHop);
  const reach = Buffer.concat([u8(hop.length), hop]);
  const whole = Buffer.concat([u8(0, 2, 1), reach, u8(0)]);
  return Buffer.concat([
    attribute(0x40, 1, u8(route.origin)),
    attribute(0x40, 2, route.path.length === 0 ? u8() : Buffer.concat([u8(2, route.path.length), ...numbers])),
    hop.length === 4 ? attribute(0x40, 3, hop) : attribute(0x80, 14, abbreviated ? reach : whole),
  ]);
}

/** PEER_INDEX_TABLE (RFC 6396, 4.3.1), the first record of a dump. */
export function peerIndexTable(seconds: number, peers: readonly DumpedPeer[]): Buffer {
  const entries = peers.map(({ address, asNumber }) => {
    const bytes = addressBytes(address);
    return Buffer.concat([u8(bytes.length === 16 ? 3 : 2), u32(0), bytes, u32(asNumber)]);
  });
  const view = Buffer.from('view');
  const head = Buffer.concat([u8(192, 0, 2, 1), u16(view.length), view, u16(peers.length)]);
  return record(seconds, TABLE_DUMP_V2, PEER_INDEX_TABLE, Buffer.concat([head, ...entries]));
}

/** RIB_IPV4_UNICAST or RIB_IPV6_UNICAST (RFC 6396, 4.3.2), of ADD-PATH (RFC 8050, 4.1) where the routes have identifiers. */
export function ribRecord(seconds: number, sequence: number, { prefix, routes }: DumpedPrefix): Buffer {
  const [address = '', bits = ''] = prefix.split('/');
  const family = address.includes(':') ? 6 : 4;
  const hasIds = routes[0]?.pathId !== undefined;
  const length = Number(bits);
  const entries = routes.map((route) => {
    const value = attributes(route, 4, true);
    const id = hasIds ? u32(route.pathId!) : u8();
    return Buffer.concat([u16(route.peer), u32(route.originated), id, u16(value.length), value]);
  });
  const bytes = addressBytes(address).subarray(0, (length + 7) >> 3);
  const body = Buffer.concat([u32(sequence), u8(length), bytes, u16(routes.length), ...entries]);
  return record(seconds, TABLE_DUMP_V2, (hasIds ? RIB_UNICAST_ADDPATH : RIB_UNICAST)[family], body);
}

/** A table as TABLE_DUMP_V2. */
export function tableDumpV2(seconds: number, peers: readonly DumpedPeer[], prefixes: readonly DumpedPrefix[]): Buffer {
  return Buffer.concat([peerIndexTable(seconds, peers), ...prefixes.map((one, i) => ribRecord(seconds, i, one))]);
}

/** The same as TABLE_DUMP (RFC 6396, 4.2): a record for each route, AS numbers of two bytes, no path identifiers. */
export function tableDump(seconds: number, peers: readonly DumpedPeer[], prefixes: readonly DumpedPrefix[]): Buffer {
  let sequence = 0;
  return Buffer.concat(
    prefixes.flatMap(({ prefix, routes }) =>
      routes.map((route) => {
        const [address = '', bits = ''] = prefix.split('/');
        const peer = peers[route.peer]!;
        const value = attributes(route, 2, false);
        const body = Buffer.concat([
          u16(0),
          u16(sequence++ & 0xffff),
          addressBytes(address),
          u8(Number(bits), 1),
          u32(route.originated),
          addressBytes(peer.address),
          u16(peer.asNumber),
          u16(value.length),
          value,
        ]);
        return record(seconds, TABLE_DUMP, address.includes(':') ? 2 : 1, body);
      }),
    ),
  );
}
