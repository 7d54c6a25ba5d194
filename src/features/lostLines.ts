/** A neighbour with the lost routes that led through it, the first prefix of these, and whether there was another. */
export type LineRecord = [neighbour: number, routes: number, prefix: number, several: boolean];

/** Neighbours kept of a network. */
const NEIGHBOURS = 16;
/** Share of the lost routes that a line carried at least: fewer may come of a stray path. */
const CARRIED = 0.03;

/** The neighbours of a network through which its lost routes led: its lines to the rest of the Internet. */
export class LostLines {
  readonly #lines: Map<number, LineRecord>;

  constructor(records: readonly LineRecord[] = []) {
    this.#lines = new Map(records.map((record) => [record[0], [...record]]));
  }

  /** A route of the prefix that led through the neighbour was withdrawn. */
  add(neighbour: number, prefix: number): void {
    this.#put(neighbour, 1, prefix, false);
  }

  join(other: LostLines): this {
    for (const record of other.#lines.values()) this.#put(...record);
    return this;
  }

  /** Lines that carried more than one prefix, and too large a share of the routes for chance. */
  get count(): number {
    const records = [...this.#lines.values()];
    const all = records.reduce((sum, [, routes]) => sum + routes, 0);
    return records.filter(([, routes, , several]) => several && routes >= all * CARRIED).length;
  }

  toJson(): LineRecord[] {
    return [...this.#lines.values()];
  }

  #put(neighbour: number, routes: number, prefix: number, several: boolean): void {
    const line = this.#lines.get(neighbour);
    if (line !== undefined) {
      line[1] += routes;
      line[3] ||= several || line[2] !== prefix;
    } else if (this.#lines.size < NEIGHBOURS) this.#lines.set(neighbour, [neighbour, routes, prefix, several]);
  }
}
