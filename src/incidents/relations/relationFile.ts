import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { decompressed } from '../../bgp/mrt/decompression.js';
import { AsRelations } from './asRelations.js';

const MAXIMUM_BYTES = 512_000_000;
const LONGEST_SAMPLE = 80;
const LARGEST_AS = 4_294_967_295;
/** provider|customer|-1 or peer|peer|0; the second series adds where it was found. */
const LINE = /^(\d{1,10})\|(\d{1,10})\|(-1|0)(?:\||$)/;

export interface RelationList {
  relations: AsRelations;
  /** Lines of another form, which were left out, and the first of them. */
  skipped: number;
  sample: string | null;
}

/**
 * Reads AS relations in the form of CAIDA's files (`as-rel.txt`, first and second series), plain, gzip or bzip2.
 *
 * @throws Error when it cannot be read, is not a regular file, is cut or damaged, or holds no relation at all
 */
export async function readRelations(path: string): Promise<RelationList> {
  // a pipe or a device may never end
  if (!(await stat(path)).isFile()) throw new Error(`${path} is not a regular file`);
  const list: RelationList = { relations: new AsRelations(), skipped: 0, sample: null };
  const file = createReadStream(path);
  try {
    const input = Readable.from(decompressed(file, { maximumBytes: MAXIMUM_BYTES }), { objectMode: false });
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) take(line, list);
  } finally {
    file.destroy();
  }
  if (list.relations.size === 0) {
    throw new Error(`${path} holds no relation: lines are provider|customer|-1 or peer|peer|0, as CAIDA writes them`);
  }
  return list;
}

function take(line: string, list: RelationList): void {
  if (line === '' || line.startsWith('#')) return;
  const [, left, right, kind] = LINE.exec(line) ?? [];
  const a = Number(left);
  const b = Number(right);
  if (kind === undefined || a === b || a > LARGEST_AS || b > LARGEST_AS) {
    list.skipped++;
    list.sample ??= line.slice(0, LONGEST_SAMPLE);
  } else if (kind === '0') list.relations.addPeers(a, b);
  else list.relations.addCustomer(a, b);
}
