import { hash } from '../random/hash.js';

/** Every AS path of the world once, with its JSON text, so that a message costs a few string joins. */
export class PathTable {
  readonly #paths: number[][] = [];
  readonly #texts: string[] = [];
  readonly #hashes: number[] = [];
  readonly #ids = new Map<string, number>();
  readonly #prepended = new Map<number, number>();

  /** @param path AS numbers, the collector's peer first */
  intern(path: number[]): number {
    const text = `[${path.join(',')}]`;
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    const id = this.#paths.length;
    this.#ids.set(text, id);
    this.#paths.push(path);
    this.#texts.push(text);
    this.#hashes.push(hash(17, ...path));
    return id;
  }

  /** The same path with its origin `times` more often, as an AS does that prefers its other links. */
  prepended(id: number, times: number): number {
    if (times === 0) return id;
    const key = id * 16 + times;
    const known = this.#prepended.get(key);
    if (known !== undefined) return known;
    const path = this.#paths[id]!;
    const longer = this.intern([...path, ...new Array<number>(times).fill(path[path.length - 1]!)]);
    this.#prepended.set(key, longer);
    return longer;
  }

  path(id: number): readonly number[] {
    return this.#paths[id]!;
  }

  text(id: number): string {
    return this.#texts[id]!;
  }

  /** Of the content, not of the order of interning: two worlds agree on it. */
  hash(id: number): number {
    return this.#hashes[id]!;
  }
}
