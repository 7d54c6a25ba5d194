/** A list is cleared of what is stale when it has grown to twice what it held then, and so many more. */
const SLACK = 64;

interface List {
  ids: number[];
  /** Length after it was cleared last. */
  cleared: number;
}

/**
 * Prefix ids by a number, such as the networks that each has had as its origin. What is no longer true stays listed until
 * the list is cleared: a reader looks again.
 */
export class PrefixLists {
  readonly #lists = new Map<number, List>();

  constructor(private readonly holds: (id: number, key: number) => boolean) {}

  add(key: number, id: number): void {
    const list = this.#lists.get(key);
    if (list === undefined) this.#lists.set(key, { ids: [id], cleared: 1 });
    else if (list.ids.push(id) > 2 * list.cleared + SLACK) this.#clear(key, list);
  }

  /** In rising order, each once; some may be stale. */
  of(key: number): readonly number[] {
    const list = this.#lists.get(key);
    if (list === undefined) return [];
    return list.ids.length === list.cleared ? list.ids : this.#clear(key, list);
  }

  empty(): void {
    this.#lists.clear();
  }

  #clear(key: number, list: List): readonly number[] {
    const { ids } = list;
    ids.sort((a, b) => a - b);
    let kept = 0;
    for (let at = 0; at < ids.length; at++) {
      const id = ids[at]!;
      if ((kept > 0 && ids[kept - 1] === id) || !this.holds(id, key)) continue;
      ids[kept++] = id;
    }
    ids.length = kept;
    list.cleared = kept;
    if (kept === 0) this.#lists.delete(key);
    return ids;
  }
}
