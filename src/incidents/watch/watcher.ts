import { ESTABLISHED, PEER_STATE } from '../../bgp/batchColumns.js';
import { UpdateBatch } from '../../bgp/updateBatch.js';
import type { HeldRoute } from '../../features/routing/routingTables.js';
import { parseAddressBlock } from '../addressBlock.js';
import type { ValidityOf } from '../evidence.js';
import type { Incident, IncidentChange } from '../incident.js';
import { BatchRoutes } from './batchRoutes.js';
import type { Declaration } from './declaration.js';
import { endingOf } from './ending.js';
import type { Finding } from './finding.js';
import { noteLoss } from './loss.js';
import { OpenFindings } from './openFindings.js';
import type { OwnPrefix } from './ownPrefix.js';
import { OwnTable } from './ownTable.js';
import { wordsOfBlock } from './prefixIndex.js';
import { WATCH_RULES } from './rules/all.js';
import { summaryOf, type WatchedPrefix } from './summary.js';
import { Transits } from './transits.js';
import type { WatchEntry } from './watchEntry.js';

const SECOND_MS = 1000;
/** Routes that nobody confirmed for so long after a gap are believed no more, ms. */
const UNCONFIRMED_MS = 86_400_000;
const STATE_VERSION = 1;

export interface WatcherOptions {
  stream: string;
  declaration: Declaration;
  validityOf: ValidityOf;
}

interface Stored {
  version: number;
  sinceMs: number;
  nowMs: number;
  gapMs: number | null;
  peers: string[];
  prefixes: unknown[];
  open: unknown[];
  transits: unknown[];
  /** Prefixes whose routes changed in the second that is not judged yet. */
  dirty: string[];
  unheard: string[];
}

/**
 * Compares every update with what the operator declares. What it finds depends on the messages alone: it judges when
 * event time enters a new second, however the log was cut; `judgeNow` alone is sooner. It has no warm-up, and leaves nothing out.
 */
export class Watcher {
  readonly #table: OwnTable;
  readonly #open: OpenFindings;
  readonly #transits: Transits;
  readonly #peers = new Set<string>();
  readonly #findings = new Map<OwnPrefix, Finding[]>();
  readonly #dirty = new Set<OwnPrefix>();
  #unheard = new Set<string>();
  #changes: IncidentChange[] = [];
  #touched: Incident[] = [];
  #nowMs = Number.NEGATIVE_INFINITY;
  #firstMs = Number.POSITIVE_INFINITY;
  #gapMs: number | null = null;
  #transitsChanged = false;
  #quiet = false;

  constructor(private readonly options: WatcherOptions) {
    const { declaration, validityOf, stream } = options;
    this.#table = new OwnTable(declaration, validityOf);
    this.#open = new OpenFindings(stream, declaration.settings.lossSeconds * 1000);
    this.#transits = new Transits(declaration);
  }

  /** Event time of the first message that was judged, ms; null before. */
  get sinceMs(): number | null {
    return Number.isFinite(this.#firstMs) ? this.#firstMs : null;
  }

  get untilMs(): number | null {
    return Number.isFinite(this.#nowMs) ? this.#nowMs : null;
  }

  take({ kind, payload, untilMs }: WatchEntry): void {
    if (payload !== null) this.#add(UpdateBatch.decode(payload));
    this.#advance(untilMs);
    if (kind === 'gap') this.#gapMs = untilMs;
  }

  /** Takes an entry of the past, to know the present state; what it would have raised is not raised. */
  learn(entry: WatchEntry): void {
    this.#quiet = true;
    this.take(entry);
    this.#quiet = false;
  }

  /** Routes that stood before the log began: what a table dump says. What the log said meanwhile is newer. */
  seed(routes: readonly HeldRoute[], ms: number): void {
    // ours first, so that the routes of others to the same prefixes are compared with them
    const { networks } = this.options.declaration;
    const ours = routes.filter(({ origin }) => networks.has(origin));
    const others = routes.filter(({ origin }) => !networks.has(origin));
    for (const { prefix, peer, origin, hops } of [...ours, ...others]) {
      const block = parseAddressBlock(prefix);
      if (block === null || origin === 0 || this.#table.knows(peer, prefix)) continue;
      this.#peers.add(peer);
      const own = this.#table.announced(peer, wordsOfBlock(block), { hops, origins: [origin] }, ms, 0);
      if (own === null) continue;
      const route = own.routes.get(peer);
      if (route !== undefined) route.fromTable = true;
      this.#dirty.add(own);
    }
  }

  /** Whether a route is worth knowing. */
  readonly concerns = (prefix: string, origin: number): boolean => {
    if (this.options.declaration.networks.has(origin)) return true;
    const block = parseAddressBlock(prefix);
    return block !== null && this.#table.entryOf(wordsOfBlock(block)) !== undefined;
  };

  /** What was open under another declaration; judged with the next message. */
  readOpen(text: string): void {
    const stored = JSON.parse(text) as Stored;
    this.#open.read(stored.open);
    this.#firstMs = Math.min(this.#firstMs, stored.sinceMs);
    this.judgeAll();
  }

  /** Changes since the last call, in order, with the incidents as they now stand. */
  drain(): { changes: IncidentChange[]; incidents: Incident[] } {
    const incidents = [...new Map(this.#touched.map((one) => [`${one.startedAt} ${one.subject}`, one])).values()];
    const drained = { changes: this.#changes, incidents };
    this.#changes = [];
    this.#touched = [];
    return drained;
  }

  /** Each declared or learned prefix as it is seen now. */
  summary(): WatchedPrefix[] {
    return summaryOf(this.options.declaration, [...this.#table.prefixes.values()], this.#findings, {
      peers: this.#peers.size,
      validityOf: this.options.validityOf,
    });
  }

  write(): string {
    const stored: Stored = {
      version: STATE_VERSION,
      sinceMs: this.sinceMs ?? 0,
      nowMs: this.untilMs ?? 0,
      gapMs: this.#gapMs,
      peers: [...this.#peers],
      prefixes: this.#table.write(),
      open: this.#open.write(),
      transits: this.#transits.write(),
      dirty: [...this.#dirty].map(({ prefix }) => prefix),
      unheard: [...this.#unheard],
    };
    return JSON.stringify(stored);
  }

  /** Goes on from a stand that `write` gave, perhaps under another declaration. @returns false for another version's */
  read(text: string): boolean {
    const stored = JSON.parse(text) as Stored;
    if (stored.version !== STATE_VERSION) return false;
    this.#firstMs = stored.sinceMs;
    this.#nowMs = stored.nowMs;
    this.#gapMs = stored.gapMs;
    for (const peer of stored.peers) this.#peers.add(peer);
    this.#table.read(stored.prefixes);
    this.#open.read(stored.open);
    this.#transits.read(stored.transits);
    this.#unheard = new Set(stored.unheard);
    const dirty = new Set(stored.dirty);
    for (const own of this.#table.prefixes.values()) {
      if (dirty.has(own.prefix)) this.#dirty.add(own);
      const found = this.#findingsOf(own);
      if (found.length > 0) this.#findings.set(own, found);
    }
    this.#transitsChanged = this.#transits.watching;
    return true;
  }

  /** VRPs were read anew, or declarations changed: everything is judged again with the next message. */
  judgeAll(): void {
    for (const own of this.#table.prefixes.values()) this.#dirty.add(own);
  }

  /** Judges what the present second brought so far, for a live feed whose next message may be long in coming. */
  judgeNow(): void {
    if (this.#dirty.size > 0 || this.#transitsChanged) this.#judge(this.#nowMs);
  }

  #add({ columns }: UpdateBatch, batch = new UpdateBatch(columns)): void {
    const routes = new BatchRoutes(columns);
    const watching = this.#transits.watching;
    let element = 0;
    for (let message = 0; message < columns.kind.length; message++) {
      const ms = columns.time[message]!;
      this.#advance(ms);
      const peerIndex = columns.peer[message]!;
      const peer = batch.peerText(peerIndex);
      if (columns.kind[message] === PEER_STATE) {
        if ((columns.origin[message]! & 15) !== ESTABLISHED) this.#sessionDown(peer);
        continue;
      }
      this.#peers.add(peer);
      for (let n = columns.withdrawn[message]!; n > 0; n--) {
        const own = this.#table.withdrawn(peer, routes.prefix(columns.prefix[element++]!), ms);
        if (own !== null) this.#dirty.add(own);
      }
      let n = columns.announced[message]!;
      if (n === 0) continue;
      const path = routes.path(columns.path[message]!, columns.peerAs[peerIndex]!);
      for (; n > 0; n--) {
        const index = columns.prefix[element++]!;
        const own = this.#table.announced(peer, routes.prefix(index), path, ms);
        if (own !== null) this.#dirty.add(own);
        else if (watching && this.#transits.note(path.hops, peer, () => batch.prefixText(index), ms)) {
          this.#transitsChanged = true;
        }
      }
    }
  }

  #sessionDown(peer: string): void {
    this.#peers.delete(peer);
    for (const own of this.#table.forgetPeer(peer)) {
      this.#dirty.add(own);
      this.#unheard.add(own.prefix);
    }
  }

  /** Event time reaches `ms`; what came in the seconds before is judged first. */
  #advance(ms: number): void {
    if (!(ms > this.#nowMs)) return;
    if (Number.isFinite(this.#nowMs) && Math.floor(ms / SECOND_MS) > Math.floor(this.#nowMs / SECOND_MS)) {
      this.#judge(this.#nowMs);
      this.#waitUntil(ms);
    }
    this.#firstMs = Math.min(this.#firstMs, ms);
    this.#nowMs = ms;
  }

  /** What becomes due while nothing is heard becomes due at its own second, not with the next message. */
  #waitUntil(ms: number): void {
    const { lossSeconds } = this.options.declaration.settings;
    const waiting = () =>
      this.#open.ending || [...this.#table.prefixes.values()].some(({ losingMs, lost }) => losingMs !== null && !lost);
    const last = Math.min(ms - 1, this.#nowMs + (lossSeconds + 2) * SECOND_MS);
    for (let at = this.#nowMs + SECOND_MS; at <= last && waiting(); at += SECOND_MS) this.#judge(at);
  }

  #judge(nowMs: number): void {
    const { settings } = this.options.declaration;
    this.#giveUpUnconfirmed(nowMs);
    const due = new Set(this.#dirty);
    for (const own of this.#table.prefixes.values()) if (own.losingMs !== null && !own.lost) due.add(own);
    this.#dirty.clear();
    for (const own of due) {
      this.#table.tidy(own, nowMs);
      noteLoss(own, nowMs, settings);
      const found = this.#findingsOf(own);
      if (found.length > 0) this.#findings.set(own, found);
      else this.#findings.delete(own);
    }
    const changed = due.size > 0 || this.#transitsChanged;
    if (this.#quiet || (!changed && this.#open.size === 0)) return;
    this.#transitsChanged = false;
    const all = [...this.#findings.values(), this.#transits.findings(nowMs, this.#peers.size)].flat();
    if (!changed && all.length > 0 && !this.#open.ending) return;
    const counted = all.filter(({ peers, kind }) => kind === 'withdrawn' || peers >= settings.minimumPeers);
    const fresh = this.#open.judge(counted, nowMs, (incident) => endingOf(incident, this.#table, this.#unheard));
    this.#changes.push(...fresh);
    this.#touched.push(...this.#open.standing(), ...fresh.map(({ incident }) => incident));
    if (this.#open.size === 0) this.#unheard = new Set();
  }

  #findingsOf(own: OwnPrefix): Finding[] {
    const { declaration, validityOf } = this.options;
    const entry = this.#table.entryFor(own);
    const context = { declaration, entry, validityOf, peers: this.#peers.size, nowMs: this.#nowMs };
    if (entry?.ignore || (entry?.ignoreParts && entry.prefix !== own.prefix)) return [];
    const excepted: readonly string[] = entry?.except ?? [];
    const found = WATCH_RULES.flatMap((rule) => rule(own, context)).filter(({ kind }) => !excepted.includes(kind));
    const group = context.entry?.group;
    return group === undefined ? found : found.map((finding) => ({ ...finding, group }));
  }

  /** After a gap a route may be long gone: after a day of silence it does not justify an alert. */
  #giveUpUnconfirmed(nowMs: number): void {
    const gapMs = this.#gapMs;
    if (gapMs === null || nowMs - gapMs < UNCONFIRMED_MS) return;
    this.#gapMs = null;
    for (const own of this.#findings.keys()) {
      for (const [peer, { sinceMs }] of own.routes) if (sinceMs < gapMs) own.routes.delete(peer);
      this.#dirty.add(own);
      this.#unheard.add(own.prefix);
    }
  }
}
