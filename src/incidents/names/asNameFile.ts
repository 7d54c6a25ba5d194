import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { decompressed } from '../../bgp/mrt/decompression.js';
import { AsNames } from './asNames.js';

const MAXIMUM_BYTES = 256_000_000;
const LONGEST_NAME = 80;
const LONGEST_SAMPLE = 80;
const LARGEST_AS = 4_294_967_295;
/** RIPE: "64500 EXAMPLE-AS Example Org, DE"; others write AS64500 and a tab. */
const SPACED = /^(?:AS)?(\d{1,10})[ \t]+(\S.*)$/i;
const FORMAT = /^# ?format: ?(.+)$/;

export interface AsNameList {
  names: AsNames;
  /** Lines of another form, which were left out, and the first of them. */
  skipped: number;
  sample: string | null;
}

/**
 * Reads names of networks, plain, gzip or bzip2, in either of two forms: RIPE's `asnames.txt` (a number and its name a line),
 * or CAIDA's AS Organizations (`as-org2info.txt`: fields parted by bars, as its `# format:` lines say).
 *
 * @throws Error when it cannot be read, is not a regular file, is cut or damaged, or names no network at all
 */
export async function readAsNames(path: string): Promise<AsNameList> {
  // a pipe or a device may never end
  if (!(await stat(path)).isFile()) throw new Error(`${path} is not a regular file`);
  const reading = new Reading();
  const file = createReadStream(path);
  try {
    const input = Readable.from(decompressed(file, { maximumBytes: MAXIMUM_BYTES }), { objectMode: false });
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) reading.take(line);
  } finally {
    file.destroy();
  }
  const { list } = reading;
  if (list.names.size === 0) {
    throw new Error(
      `${path} names no network: lines are "64500 NAME", as RIPE's asnames.txt, or those of CAIDA's as-org2info.txt`,
    );
  }
  return list;
}

class Reading {
  readonly list: AsNameList = { names: new AsNames(), skipped: 0, sample: null };
  readonly #organisations = new Map<string, string>();
  /** Fields of the lines below the last `# format:`; empty in RIPE's form. */
  #fields: string[] = [];

  take(line: string): void {
    const format = FORMAT.exec(line)?.[1];
    if (format !== undefined) this.#fields = format.split('|');
    if (line === '' || line.startsWith('#')) return;
    const taken = this.#fields.length > 0 ? this.#takeFields(line.split('|')) : this.#takeSpaced(line);
    if (taken) return;
    this.list.skipped++;
    this.list.sample ??= line.slice(0, LONGEST_SAMPLE);
  }

  #takeSpaced(line: string): boolean {
    const [, number, name] = SPACED.exec(line) ?? [];
    return name !== undefined && this.#add(Number(number), name);
  }

  #takeFields(values: readonly string[]): boolean {
    const field = (name: string) => values[this.#fields.indexOf(name)];
    const [organisation, asNumber, short] = [field('org_id'), field('aut'), field('aut_name')];
    if (asNumber === undefined) {
      const [name, country] = [field('org_name'), field('country')];
      if (organisation === undefined || name === undefined) return false;
      this.#organisations.set(organisation, [name, country].filter(Boolean).join(', '));
      return true;
    }
    if (!/^\d{1,10}$/.test(asNumber)) return false;
    const name = [short, this.#organisations.get(organisation ?? '')].filter(Boolean).join(' ');
    return this.#add(Number(asNumber), name);
  }

  #add(asNumber: number, text: string): boolean {
    const name = text.trim().slice(0, LONGEST_NAME);
    if (asNumber > LARGEST_AS || name === '') return false;
    this.list.names.add(asNumber, name);
    return true;
  }
}
