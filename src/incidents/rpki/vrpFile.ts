import type { Vrp } from './validity.js';
import { VrpTable } from './validity.js';

/** Longest text of one entry; real ones have some hundred letters. */
const LONGEST_ENTRY = 65_536;
/** Trust anchors have names such as `ripe` or `apnic-afrinic`. */
const LONGEST_NAME = 40;
const GREATEST_TIME = 4_294_967_295;
const HOW = 'write the file with "rpki-client -j" or "routinator vrps --format json"';

/** Checked by hand: there are half a million entries, and a schema takes seconds for them. */
function readEntry(entry: unknown): Vrp | null {
  if (typeof entry !== 'object' || entry === null) return null;
  const { asn, prefix, maxLength, expires } = entry as Record<string, unknown>;
  if (typeof prefix !== 'string' || typeof maxLength !== 'number') return null;
  if (!Number.isInteger(maxLength) || maxLength < 0 || maxLength > 128) return null;
  const number = typeof asn === 'string' && /^(AS)?\d{1,10}$/i.test(asn) ? Number(asn.replace(/^AS/i, '')) : asn;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number > 4_294_967_295) return null;
  const vrp = { asn: number, prefix, maxLength };
  const timed = typeof expires === 'number' && Number.isFinite(expires) && expires > 0;
  return timed ? { ...vrp, expires: Math.min(Math.floor(expires), GREATEST_TIME) } : vrp;
}

/** When a list was made: rpki-client says `buildtime`, Routinator `generatedTime` and `generated` (seconds). */
function generatedAt(head: string): Date | null {
  const text = /"(?:buildtime|generatedTime)"\s*:\s*"([^"]{10,40})"/.exec(head)?.[1];
  const seconds = /"generated"\s*:\s*(\d{1,10})\b/.exec(head)?.[1];
  const time = text === undefined ? (seconds === undefined ? Number.NaN : Number(seconds) * 1000) : Date.parse(text);
  return Number.isNaN(time) ? null : new Date(time);
}

export interface VrpList {
  table: VrpTable;
  /** VRPs by trust anchor, where entries name theirs (`ta`). */
  anchors: ReadonlyMap<string, number>;
  /** Of these, VRPs that hold and expire within `soonSeconds`. */
  expiring: ReadonlyMap<string, number>;
  /** When the list was made; null where it does not say. */
  generatedAt: Date | null;
}

/**
 * Reads, piece by piece, the JSON that rpki-client (`-j`) and Routinator (`vrps --format json`) write:
 * `{"metadata": {...}, "roas": [{"asn": "AS13335" or 13335, "prefix": "1.0.0.0/24", "maxLength": 24, "expires": 1700000000}]}`.
 * Never more than a piece and an entry are in memory, and the loop runs on between the pieces. Entries of another form
 * are counted and left out.
 *
 * @throws Error when it is not JSON, has no list `roas`, ends early, or none of its entries can be read
 */
export async function readVrps(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  now: () => Date = () => new Date(),
  soonSeconds = 0,
): Promise<VrpList> {
  const table = new VrpTable([], 0, now);
  const anchors = new Map<string, number>();
  const expiring = new Map<string, number>();
  const seconds = now().getTime() / 1000;
  const counted: Counted = (name, expires) => {
    anchors.set(name, (anchors.get(name) ?? 0) + 1);
    if (expires === undefined || expires < seconds || expires > seconds + soonSeconds) return;
    expiring.set(name, (expiring.get(name) ?? 0) + 1);
  };
  const decoder = new TextDecoder();
  let head = '';
  let rest = '';
  let state: 'before' | 'inside' | 'after' = 'before';
  for await (const piece of pieces) {
    rest += decoder.decode(piece, { stream: true });
    if (state === 'before') {
      const start = /"roas"\s*:\s*\[/.exec(rest);
      if (start === null) {
        if (!/^\s*(\{|$)/.test(rest)) throw new Error('no JSON');
        if (rest.length > LONGEST_ENTRY) throw new Error(`no list "roas" at its start: ${HOW}`);
        continue;
      }
      head = rest.slice(0, start.index);
      rest = rest.slice(start.index + start[0].length);
      state = 'inside';
    }
    if (state === 'inside') {
      const { left, over } = takeEntries(rest, table, counted);
      rest = left;
      if (over) state = 'after';
    } else if (rest.length > LONGEST_ENTRY) rest = rest.slice(-LONGEST_ENTRY);
  }
  rest += decoder.decode();
  if (state === 'before') throw new Error(/^\s*\{/.test(rest) ? `no list "roas": ${HOW}` : 'no JSON');
  if (state === 'inside' || !/\}\s*$/.test(rest)) throw new Error('it ends in the middle');
  if (table.size === 0 && table.skipped > 0)
    throw new Error(`none of ${table.skipped} entries has asn, prefix and maxLength`);
  return { table, anchors, expiring, generatedAt: generatedAt(head) ?? generatedAt(rest) };
}

/** Hears of each VRP whose trust anchor is named; seconds since 1970. */
type Counted = (anchor: string, expires: number | undefined) => void;

/** Takes the whole objects of a list from the text. @returns what is left, and whether the list is over */
function takeEntries(text: string, table: VrpTable, counted: Counted): { left: string; over: boolean } {
  let at = 0;
  for (;;) {
    while (at < text.length && /[\s,]/.test(text[at]!)) at++;
    if (at >= text.length) return { left: '', over: false };
    if (text[at] === ']') return { left: text.slice(at + 1), over: true };
    const end = endOf(text, at);
    if (end < 0) {
      if (text.length - at > LONGEST_ENTRY) throw new Error('no JSON: an entry without an end');
      return { left: text.slice(at), over: false };
    }
    let entry: unknown;
    try {
      entry = JSON.parse(text.slice(at, end));
    } catch (cause) {
      throw new Error(`no JSON: ${(cause as Error).message}`);
    }
    const vrp = readEntry(entry);
    if (vrp === null) table.skip();
    else {
      table.add(vrp);
      const { ta } = entry as { ta?: unknown };
      if (typeof ta === 'string' && ta.length <= LONGEST_NAME) counted(ta, vrp.expires);
    }
    at = end;
  }
}

/** Behind the value that begins here; -1 when its end is not there yet. */
function endOf(text: string, from: number): number {
  let depth = 0;
  let quoted = false;
  for (let at = from; at < text.length; at++) {
    const letter = text.charCodeAt(at);
    if (quoted) {
      if (letter === 92) at++;
      else if (letter === 34) quoted = false;
    } else if (letter === 34) quoted = true;
    else if (letter === 123 || letter === 91) depth++;
    else if (letter === 125 || letter === 93) {
      // the end of the list itself, behind a value that is not an object
      if (depth === 0) return at;
      if (--depth === 0) return at + 1;
    } else if (letter === 44 && depth === 0) return at;
  }
  return -1;
}
