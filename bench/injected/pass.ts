import type { BatchColumns } from '../../src/bgp/batchColumns.js';
import { UpdateBatch } from '../../src/bgp/updateBatch.js';
import { restored } from '../../src/features/aggregatorSnapshot.js';
import type { MinuteAggregator } from '../../src/features/minuteAggregator.js';
import type { FeatureRow } from '../../src/features/row.js';
import { Random } from '../../src/random/random.js';
import { STREAM } from '../realFeed/rows.js';
import { DRAWS } from './draws.js';
import type { Draft, DrawContext, DrawnRoute, EventKind } from './event.js';
import { batchOf, type InjectedMessage, messagesOf, sliceColumns } from './messages.js';
import type { RouteView } from './routeView.js';

/** When an event is to begin and to end, ms. */
export interface Slot {
  kind: EventKind;
  startMs: number;
  endMs: number;
}

/** An event that was written, as the judge knows it. */
export interface InjectedEvent extends Slot {
  networks: number[];
  holders: number[];
  prefixes: string[];
  /** Peers that it reaches, and how many there are. */
  peers: number;
  ofPeers: number;
  messages: number;
}

const MOST_DRAWS = 200;
const SEED_PART = 0x17;

/** One run over the recording with events of its own, from the state that all runs share. */
export class Pass {
  readonly rows: FeatureRow[];
  readonly events: InjectedEvent[] = [];
  /** Slots for which nothing fit was found in the recording. */
  readonly notDrawn: EventKind[] = [];
  readonly #aggregator: MinuteAggregator;
  readonly #random: Random;
  readonly #taken: DrawContext['taken'] = { prefixes: new Set(), networks: new Set() };
  readonly #scrubber: DrawContext['scrubber'] = { network: null };
  /** Later first. */
  readonly #slots: Slot[];
  #ends: { atMs: number; draft: Draft }[] = [];
  #queue: InjectedMessage[] = [];

  constructor(snapshot: Uint8Array, rows: readonly FeatureRow[], slots: readonly Slot[], seed: number) {
    this.#aggregator = restored(snapshot, { stream: STREAM });
    this.rows = [...rows];
    this.#slots = [...slots].sort((a, b) => b.startMs - a.startMs);
    this.#random = new Random(seed, SEED_PART);
  }

  /** Takes real messages, with those of the events between them; `view` is as before the batch. */
  add(columns: BatchColumns, view: RouteView): void {
    const until = columns.time.at(-1) ?? 0;
    while (this.#slots.length > 0 && this.#slots.at(-1)!.startMs <= until) this.#begin(this.#slots.pop()!, view);
    const over = this.#ends.filter(({ atMs }) => atMs <= until);
    if (over.length > 0) {
      this.#ends = this.#ends.filter(({ atMs }) => atMs > until);
      for (const { atMs, draft } of over) this.#end(atMs, draft, view);
    }
    this.#merge(columns, view);
    this.rows.push(...this.#aggregator.take());
  }

  finish(): void {
    this.#aggregator.finish();
    this.rows.push(...this.#aggregator.take());
  }

  #begin(slot: Slot, view: RouteView): void {
    const peers = view.activePeers();
    const context: DrawContext = {
      view,
      random: this.#random,
      peers,
      taken: this.#taken,
      scrubber: this.#scrubber,
    };
    let draft: Draft | null = null;
    for (let n = 0; n < MOST_DRAWS && draft === null; n++) draft = DRAWS[slot.kind](context);
    if (draft === null) {
      this.notDrawn.push(slot.kind);
      return;
    }
    for (const prefix of draft.prefixes) this.#taken.prefixes.add(prefix);
    if (slot.kind !== 'scrubbing') for (const network of draft.networks) this.#taken.networks.add(network);
    const messages = messagesOf(draft.routes, slot.startMs, draft.spreadSeconds, this.#random);
    this.#put(messages);
    this.#ends.push({ atMs: slot.endMs, draft });
    this.events.push({
      ...slot,
      networks: draft.networks,
      holders: draft.holders,
      prefixes: draft.prefixes.map((prefix) => view.prefixText(prefix)),
      peers: new Set(draft.routes.map(({ peer }) => peer)).size,
      ofPeers: peers.length,
      messages: messages.length,
    });
  }

  #end(atMs: number, { end, routes, spreadSeconds }: Draft, view: RouteView): void {
    if (end === 'stays') return;
    const back =
      end === 'restored'
        ? routes.map(({ peer, prefix }): DrawnRoute => ({ peer, prefix, path: view.path(peer, prefix) }))
        : end;
    this.#put(messagesOf(back, atMs, spreadSeconds, this.#random));
  }

  #put(messages: readonly InjectedMessage[]): void {
    this.#queue = [...this.#queue, ...messages].sort((a, b) => a.timeMs - b.timeMs);
  }

  #merge(columns: BatchColumns, view: RouteView): void {
    let message = 0;
    let element = 0;
    let from = 0;
    let first = 0;
    let due = 0;
    const size = columns.kind.length;
    const flush = () => {
      if (message === from) return;
      this.#aggregator.add(new UpdateBatch(sliceColumns(columns, from, message, first, element)));
      from = message;
      first = element;
    };
    for (; message < size; message++) {
      const begin = due;
      while (due < this.#queue.length && this.#queue[due]!.timeMs <= columns.time[message]!) due++;
      if (due > begin) {
        flush();
        this.#aggregator.add(new UpdateBatch(batchOf(this.#queue.slice(begin, due), view)));
      }
      element += columns.withdrawn[message]! + columns.announced[message]!;
    }
    flush();
    if (due > 0) this.#queue.splice(0, due);
  }
}
