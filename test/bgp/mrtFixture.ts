/** Writes MRT records and BGP messages byte by byte, independently of the decoder. */

export const u8 = (...values: number[]) => Buffer.from(values);

export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export const ipv4 = (text: string) => Buffer.from(text.split('.').map(Number));

/** An IPv6 address by its eight groups. */
export const ipv6 = (...groups: number[]) => Buffer.concat(groups.map(u16));

export function prefix(address: Buffer, length: number, pathId?: number): Buffer {
  const id = pathId === undefined ? Buffer.alloc(0) : u32(pathId);
  return Buffer.concat([id, u8(length), address.subarray(0, (length + 7) >> 3)]);
}

export function attribute(type: number, value: Buffer, flags = 0x40): Buffer {
  return value.length > 255
    ? Buffer.concat([u8(flags | 0x10, type), u16(value.length), value])
    : Buffer.concat([u8(flags, type, value.length), value]);
}

export const origin = (code: number) => attribute(1, u8(code));
export const nextHop = (address: string) => attribute(3, ipv4(address));

export function segment(type: number, numbers: number[], width: 2 | 4): Buffer {
  return Buffer.concat([u8(type, numbers.length), ...numbers.map(width === 4 ? u32 : u16)]);
}

export const asPath = (numbers: number[], width: 2 | 4 = 4) => attribute(2, segment(2, numbers, width));

export function update(withdrawn: Buffer[], attributes: Buffer[], announced: Buffer[]): Buffer {
  const w = Buffer.concat(withdrawn);
  const a = Buffer.concat(attributes);
  return Buffer.concat([u16(w.length), w, u16(a.length), a, ...announced]);
}

export function bgpMessage(body: Buffer, type = 2): Buffer {
  return Buffer.concat([Buffer.alloc(16, 0xff), u16(19 + body.length), u8(type), body]);
}

export function record(seconds: number, type: number, subtype: number, body: Buffer): Buffer {
  return Buffer.concat([u32(seconds), u16(type), u16(subtype), u32(body.length), body]);
}

/** Header of BGP4MP: a peer 192.0.2.1 of the given AS. */
export function bgp4mpHeader(as: number, width: 2 | 4 = 4): Buffer {
  const number = width === 4 ? u32 : u16;
  return Buffer.concat([number(as), number(12654), u16(0), u16(1), ipv4('192.0.2.1'), ipv4('192.0.2.254')]);
}

export function bgp4mp(seconds: number, message: Buffer, subtype = 4, as = 64500): Buffer {
  const width = [1, 6, 8, 10].includes(subtype) ? 2 : 4;
  return record(seconds, 16, subtype, Buffer.concat([bgp4mpHeader(as, width), message]));
}

export const NOW = 1_700_000_000;
