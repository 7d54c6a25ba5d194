import { BgpUpdateDecoder } from './bgpUpdate.js';
import { decodeRisLiveJson } from './risLive.js';
import { type RouteElement, UpdateBatch } from './updateBatch.js';
import { UpdateBatchBuilder } from './updateBatchBuilder.js';

const BGP_HEADER = 19;
const BGP_UPDATE = 2;
const HEX = /^(?:[0-9a-f]{2})+$/i;

function lines(elements: Iterable<RouteElement>): string[] {
  return Array.from(elements, ({ type, prefix, path, origin, nextHop }) =>
    [type, prefix, path, origin, nextHop].join('|'),
  );
}

/** The elements of a whole BGP message, or why there are none. */
function decodeRaw(raw: string, as4: boolean): string[] | string {
  if (!HEX.test(raw)) return 'raw is not hexadecimal';
  const bytes = Buffer.from(raw, 'hex');
  if (bytes.length < BGP_HEADER || bytes.readUInt16BE(16) !== bytes.length) return 'raw is not one whole BGP message';
  if (bytes[18] !== BGP_UPDATE) return `raw is a BGP message of type ${bytes[18]}, not an UPDATE`;
  const builder = new UpdateBatchBuilder();
  const decoder = new BgpUpdateDecoder(builder, { treatedAsWithdraw: 0, otherFamilies: 0, unsaidPathIds: 0 });
  const encoding = { as4, addPath: false };
  const reason = decoder.decode(bytes, BGP_HEADER, bytes.length, encoding, 0, 0, bytes.length);
  if (reason !== null) return reason;
  const columns = builder.takeColumns();
  columns.peerAs = new Uint32Array(1);
  columns.peerAddress = new Uint32Array(1);
  columns.addressShape = columns.addressShape.length > 0 ? columns.addressShape : Uint8Array.of(32);
  columns.addressWords = columns.addressWords.length > 0 ? columns.addressWords : new Uint32Array(4);
  return lines(new UpdateBatch(columns).routeElements());
}

/**
 * Compares an update's JSON fields with its `raw` bytes. RIS Live does not say whether the session has 4-byte AS numbers
 * (RFC 6793): either that agrees is taken.
 * @returns null when they agree or raw is missing, else the first difference in words
 */
export function rawDisagreement(text: string): string | null {
  const builder = new UpdateBatchBuilder();
  if (decodeRisLiveJson(text, builder).kind !== 'update') return null;
  const { raw } = (JSON.parse(text) as { data: { raw?: unknown } }).data;
  if (typeof raw !== 'string') return null;
  const told = lines(new UpdateBatch(builder.takeColumns()).routeElements()).sort();
  let difference = '';
  for (const as4 of [true, false]) {
    const decoded = decodeRaw(raw, as4);
    if (typeof decoded === 'string') {
      difference ||= decoded;
      continue;
    }
    decoded.sort();
    let at = 0;
    while (at < told.length && told[at] === decoded[at]) at++;
    if (at === told.length && at === decoded.length) return null;
    difference ||= `JSON has ${told[at] ?? 'no more'}, raw has ${decoded[at] ?? 'no more'}`;
  }
  return difference;
}
