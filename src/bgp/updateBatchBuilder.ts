import { IPV4_ADDRESS, IPV6_ADDRESS, maskWords, wordsOf } from './address.js';
import { type BatchColumns, NO_ORIGIN, NONE, ownColumns, PEER_STATE, RIB_ENTRY, UPDATE } from './batchColumns.js';
import { encodeBatch } from './batchEncoding.js';
import { ColumnRoom } from './columnRoom.js';
import { PathDictionary } from './pathDictionary.js';
import { widened } from './widened.js';
import { WordDictionary } from './wordDictionary.js';

/**
 * Collects BGP messages into a batch. A decoder opens a message with `begin`, adds its elements, and ends it with
 * `commitUpdate`, or with `rollback` when the message turns out bad: then nothing of it stays.
 */
export class UpdateBatchBuilder {
  /** Where decoders put the words of an address or prefix before they ask for its index. */
  readonly words = new Uint32Array(4);
  /** Decoders of a live feed refuse what is later, ms: it would carry the stream's watermark into the future. */
  latestTime = Number.POSITIVE_INFINITY;
  readonly paths = new PathDictionary();
  readonly #addresses = new WordDictionary(256);
  readonly #peers = new WordDictionary(256);
  readonly #prefixes = new WordDictionary(4096);

  #messages = 0;
  #elements = 0;
  #firstTime = Number.POSITIVE_INFINITY;
  #lastTime = Number.NEGATIVE_INFINITY;
  #hasPathIds = false;

  #kind = new Uint8Array(1024);
  #origin = new Uint8Array(1024);
  #time = new Float64Array(1024);
  #peer = new Uint32Array(1024);
  #size = new Uint32Array(1024);
  #path = new Uint32Array(1024);
  #withdrawn = new Uint32Array(1024);
  #announced = new Uint32Array(1024);
  #prefix = new Uint32Array(4096);
  #nextHop = new Uint32Array(4096);
  #pathId = new Uint32Array(4096);

  // of the open message: withdrawn elements are already in the columns, announced ones wait for their end
  #openWithdrawn = 0;
  #openAnnounced = 0;
  #waitingPrefix = new Uint32Array(1024);
  #waitingNextHop = new Uint32Array(1024);
  #waitingPathId = new Uint32Array(1024);
  readonly #encoding = new ColumnRoom();
  /** Batches taken so far: indices are of one batch. */
  taken = 0;

  get messages(): number {
    return this.#messages;
  }

  /** Of all messages that were committed. */
  get elements(): number {
    return this.#elements;
  }

  /** Roughly what `finish` would give, bytes. */
  get byteLength(): number {
    return (
      64 +
      this.#messages * 16 +
      this.#elements * 4 +
      this.#prefixes.count * 8 +
      this.paths.closedHops * 4 +
      this.paths.count +
      (this.#addresses.count + this.#peers.count) * 10
    );
  }

  /** Earliest time of a message, ms; Infinity when empty. */
  get firstTime(): number {
    return this.#firstTime;
  }

  /** Latest time of a message, ms; -Infinity when empty. */
  get lastTime(): number {
    return this.#lastTime;
  }

  /** Index of the address whose words are in `words`. */
  address(shape: number): number {
    const w = this.words;
    return shape === IPV6_ADDRESS
      ? this.#addresses.index(shape, w[0]! | 0, w[1]! | 0, w[2]! | 0, w[3]! | 0)
      : this.#addresses.index(shape, w[0]! | 0, 0, 0, 0);
  }

  /** Index of a peer by its address's index and its AS. */
  peer(address: number, as: number): number {
    return this.#peers.index(0, address, as | 0, 0, 0);
  }

  /** Index of the prefix whose words (host bits already cleared) are in `words`. */
  prefix(shape: number): number {
    const w = this.words;
    return wordsOf(shape) === 1
      ? this.#prefixes.index(shape, w[0]! | 0, 0, 0, 0)
      : this.#prefixes.index(shape, w[0]! | 0, w[1]! | 0, w[2]! | 0, w[3]! | 0);
  }

  /** Clears the host bits of `words`, then as `prefix`. */
  maskedPrefix(shape: number): number {
    maskWords(shape, this.words);
    return this.prefix(shape);
  }

  begin(): void {
    this.#openWithdrawn = 0;
    this.#openAnnounced = 0;
  }

  /** Prefixes announced since `begin`. */
  get openAnnounced(): number {
    return this.#openAnnounced;
  }

  /** Prefixes withdrawn since `begin`. */
  get openWithdrawn(): number {
    return this.#openWithdrawn;
  }

  /** Goes back to so many prefixes of the open message. */
  rewind(withdrawn: number, announced: number): void {
    this.#openWithdrawn = withdrawn;
    this.#openAnnounced = announced;
  }

  withdraw(prefix: number, pathId: number): void {
    const at = this.#elements + this.#openWithdrawn;
    if (at === this.#prefix.length) this.#widenElements();
    this.#prefix[at] = prefix;
    this.#nextHop[at] = NONE;
    this.#pathId[at] = pathId;
    if (pathId !== 0) this.#hasPathIds = true;
    this.#openWithdrawn++;
  }

  announce(prefix: number, nextHop: number, pathId: number): void {
    const at = this.#openAnnounced;
    if (at === this.#waitingPrefix.length) {
      this.#waitingPrefix = widened(this.#waitingPrefix);
      this.#waitingNextHop = widened(this.#waitingNextHop);
      this.#waitingPathId = widened(this.#waitingPathId);
    }
    this.#waitingPrefix[at] = prefix;
    this.#waitingNextHop[at] = nextHop;
    this.#waitingPathId[at] = pathId;
    if (pathId !== 0) this.#hasPathIds = true;
    this.#openAnnounced++;
  }

  /** Treats what the open message announces as withdrawn (RFC 7606, 2). */
  treatAsWithdraw(): void {
    for (let i = 0; i < this.#openAnnounced; i++) this.withdraw(this.#waitingPrefix[i]!, this.#waitingPathId[i]!);
    this.#openAnnounced = 0;
  }

  commitUpdate(timeMs: number, peer: number, size: number, origin: number, path: number): void {
    this.#commit(UPDATE, timeMs, peer, size, origin, path);
  }

  /** As `commitUpdate`, for an entry of a routing table dump whose route is `ageSeconds` older than the dump. */
  commitRibEntry(timeMs: number, peer: number, origin: number, path: number, ageSeconds: number): void {
    this.#commit(RIB_ENTRY, timeMs, peer, ageSeconds, origin, path);
  }

  /** Says that the table dump of this time is whole: an entry without a prefix. */
  tableIsWhole(timeMs: number): void {
    this.begin();
    this.words[0] = 0;
    this.#message(RIB_ENTRY, timeMs, this.peer(this.address(IPV4_ADDRESS), 0), 0, NO_ORIGIN, NONE);
  }

  #commit(kind: number, timeMs: number, peer: number, size: number, origin: number, path: number): void {
    const announced = this.#openAnnounced;
    let at = this.#elements + this.#openWithdrawn;
    while (at + announced > this.#prefix.length) this.#widenElements();
    for (let i = 0; i < announced; i++, at++) {
      this.#prefix[at] = this.#waitingPrefix[i]!;
      this.#nextHop[at] = this.#waitingNextHop[i]!;
      this.#pathId[at] = this.#waitingPathId[i]!;
    }
    this.#elements = at;
    this.#message(kind, timeMs, peer, size, announced > 0 ? origin : NO_ORIGIN, announced > 0 ? path : NONE);
  }

  /** A change of a peer's session; states of RFC 4271 (Quagga's 7 and 8 too), 0 where the old one is not known. */
  peerState(timeMs: number, peer: number, oldState: number, newState: number): void {
    this.begin();
    this.#message(PEER_STATE, timeMs, peer, 0, ((oldState & 15) << 4) | (newState & 15), NONE);
  }

  rollback(): void {
    this.begin();
    this.paths.drop();
    // entries that a bad message left in the dictionaries go with the batch; without a batch nothing else clears them
    if (this.#messages === 0) this.#clear();
  }

  /**
   * The batch's columns, which are overwritten from the next message on; the builder counts as empty afterwards. Columns
   * of their own for each batch would have V8 mark its whole heap for every few dozen batches.
   */
  lendColumns(): BatchColumns {
    const columns = this.#lent();
    this.#clear();
    return columns;
  }

  /** The batch's columns, to keep; the builder is empty afterwards. */
  takeColumns(): BatchColumns {
    return ownColumns(this.lendColumns());
  }

  /** The encoded batch; the builder is empty afterwards. */
  finish(): Uint8Array {
    const bytes = encodeBatch(this.#lent(), this.#encoding);
    this.#clear();
    return bytes;
  }

  #lent(): BatchColumns {
    const messages = this.#messages;
    const elements = this.#elements;
    const paths = this.paths;
    return {
      kind: this.#kind.subarray(0, messages),
      time: this.#time.subarray(0, messages),
      peer: this.#peer.subarray(0, messages),
      size: this.#size.subarray(0, messages),
      origin: this.#origin.subarray(0, messages),
      path: this.#path.subarray(0, messages),
      withdrawn: this.#withdrawn.subarray(0, messages),
      announced: this.#announced.subarray(0, messages),
      prefix: this.#prefix.subarray(0, elements),
      nextHop: this.#nextHop.subarray(0, elements),
      pathId: this.#hasPathIds ? this.#pathId.subarray(0, elements) : new Uint32Array(0),
      addressShape: this.#addresses.shapes.subarray(0, this.#addresses.count),
      addressWords: this.#addresses.words.subarray(0, this.#addresses.count * 4),
      peerAddress: this.#peers.column(0),
      peerAs: this.#peers.column(1),
      prefixShape: this.#prefixes.shapes.subarray(0, this.#prefixes.count),
      prefixWords: this.#prefixes.words.subarray(0, this.#prefixes.count * 4),
      pathStart: paths.starts.subarray(0, paths.count + 1),
      hops: paths.hops.subarray(0, paths.closedHops),
      marks: paths.marks.subarray(0, paths.closedHops),
    };
  }

  #message(kind: number, timeMs: number, peer: number, size: number, origin: number, path: number): void {
    const at = this.#messages;
    if (at === this.#kind.length) this.#widenMessages();
    this.#kind[at] = kind;
    this.#time[at] = timeMs;
    this.#peer[at] = peer;
    this.#size[at] = size;
    this.#origin[at] = origin;
    this.#path[at] = path;
    this.#withdrawn[at] = this.#openWithdrawn;
    this.#announced[at] = this.#openAnnounced;
    this.#messages++;
    if (timeMs < this.#firstTime) this.#firstTime = timeMs;
    if (timeMs > this.#lastTime) this.#lastTime = timeMs;
    this.begin();
  }

  #clear(): void {
    this.taken++;
    this.#messages = 0;
    this.#elements = 0;
    this.#firstTime = Number.POSITIVE_INFINITY;
    this.#lastTime = Number.NEGATIVE_INFINITY;
    this.#hasPathIds = false;
    this.begin();
    this.paths.clear();
    this.#addresses.clear();
    this.#peers.clear();
    this.#prefixes.clear();
  }

  #widenMessages(): void {
    this.#kind = widened(this.#kind);
    this.#origin = widened(this.#origin);
    this.#time = widened(this.#time);
    this.#peer = widened(this.#peer);
    this.#size = widened(this.#size);
    this.#path = widened(this.#path);
    this.#withdrawn = widened(this.#withdrawn);
    this.#announced = widened(this.#announced);
  }

  #widenElements(): void {
    this.#prefix = widened(this.#prefix);
    this.#nextHop = widened(this.#nextHop);
    this.#pathId = widened(this.#pathId);
  }
}
