/**
 * Remembers the last message ids and says whether one came before. RIS Live may deliver a message twice: to overlapping
 * subscriptions, or around a reconnect. Ids are compared whole, so nothing new is ever taken for a duplicate.
 */
export class DuplicateFilter {
  readonly #ring: string[];
  readonly #seen = new Set<string>();
  #at = 0;

  /** @param window how many ids are remembered; 0 lets everything through */
  constructor(readonly window: number) {
    this.#ring = new Array<string>(window).fill('');
  }

  isDuplicate(message: Buffer): boolean {
    if (this.window === 0) return false;
    const id = idOf(message);
    if (id === null) return false;
    if (this.#seen.has(id)) return true;
    this.#seen.delete(this.#ring[this.#at]!);
    this.#ring[this.#at] = id;
    this.#at = (this.#at + 1) % this.window;
    this.#seen.add(id);
    return false;
  }
}

const KEY = Buffer.from('"id"');
const QUOTE = 0x22;

/** The `id` by its bytes, without decoding the JSON; null if missing. */
function idOf(message: Buffer): string | null {
  const key = message.indexOf(KEY);
  if (key < 0) return null;
  const from = message.indexOf(QUOTE, key + KEY.length) + 1;
  const until = message.indexOf(QUOTE, from);
  if (from === 0 || until <= from || until - from > 200) return null;
  return message.toString('latin1', from, until);
}
