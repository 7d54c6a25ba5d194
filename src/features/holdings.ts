import { IPV6_SHAPE, maskWords } from '../bgp/address.js';
import { type KnownRoutes, type OriginEvent, routesTo, SETTLED } from './originEvent.js';
import { regionOf } from './routes/addressRegions.js';
import { ORIGINS } from './routes/prefixRecords.js';
import type { PrefixTable } from './routes/prefixTable.js';
import type { Minute } from './row.js';

/** Minutes of announcements after which an origin of the past counts as a lawful one. */
const SPELL = 60;
/** Share of a prefix's routes from which two origins share it, rather than one disturbing the other. */
const CONSENT_SHARE = 0.25;
/** Prefixes looked at for each event; what half of them say holds. */
const ASKED = 16;
const NONE: readonly number[] = [];

/** What else the networks of an event hold, and what of it speaks of consent. */
export class Holdings {
  constructor(
    private readonly known: KnownRoutes,
    private readonly minute: Minute,
  ) {}

  of(event: OriginEvent) {
    const { others, parts } = this.#partsOfBlock(event);
    const holderPrefixes = event.holders.reduce((sum, holder) => sum + this.known.announced.of(holder), 0);
    return { ...this.#ofOrigin(event), holderPrefixes, others, parts };
  }

  /** What came up in the same minutes says nothing of what was usual before. */
  #settled(prefix: number, slot: number): boolean {
    const { prefixes } = this.known;
    return Math.max(prefixes.firstMinute(prefix), prefixes.originFirst(slot)) <= this.minute - SETTLED;
  }

  /**
   * Whether an origin that the prefix has or had speaks of consent. A spell of some minutes that is over, and a small
   * part of the peers beside others, point to an earlier fault as well.
   */
  #isRelation(prefix: number, slot: number): boolean {
    const { prefixes } = this.known;
    const { taken, routes } = routesTo(this.known, { prefix, origin: prefixes.origin(slot), holders: NONE });
    if (taken > 0) return taken >= routes * CONSENT_SHARE;
    return prefixes.originLast(slot) - Math.max(prefixes.firstMinute(prefix), prefixes.originFirst(slot)) >= SPELL;
  }

  /** Who announces parts of the block that the event lies in, beside its holders. */
  #partsOfBlock({ prefix, covering, origin, holders }: OriginEvent): { others: number; parts: number } {
    if (covering < 0) return { others: 0, parts: 0 };
    const { prefixes } = this.known;
    const insiders = new Set<number>();
    let parts = 0;
    for (const id of prefixes.besides(covering)) {
      if (prefixes.activeRoutes(id) <= 0 || id === prefix || id === covering) continue;
      if (!inside(prefixes, id, covering) || prefixes.firstMinute(id) > this.minute - SETTLED) continue;
      const last = prefixes.lastOrigin(id);
      if (last === origin) parts++;
      else if (last !== 0 && !holders.includes(last)) insiders.add(last);
    }
    return { others: insiders.size, parts };
  }

  /** What else the origin announces and announced, and what of it relates it to the holders and the prefix. */
  #ofOrigin({ prefix, origin, holders }: OriginEvent) {
    const { prefixes, announced } = this.known;
    const result = { originPrefixes: 0, alike: 0, near: 0, region: null as number | null };
    const consent = { asked: 0, given: 0 };
    const homes = new Set<number>();
    for (const id of prefixes.ofOrigin(origin)) {
      const slot = prefixes.originSlot(id, origin);
      if (slot < 0 || id === prefix || prefixes.activeRoutes(id) <= 0) continue;
      if (prefixes.lastOrigin(id) === origin) result.originPrefixes++;
      if (!this.#settled(id, slot)) continue;
      homes.add(regionOf(prefixes, id));
      const alike = heldByAny(prefixes, id, holders);
      const near = isNear(prefixes, id, prefix);
      if (!(alike || near)) continue;
      if (alike) result.alike++;
      if (near) result.near++;
      if (consent.asked === ASKED) continue;
      consent.asked++;
      if (this.#isRelation(id, slot)) consent.given++;
    }
    if (consent.given * 2 < consent.asked) Object.assign(result, { alike: 0, near: 0 });
    if (prefix >= 0) result.region = announced.regions.company(regionOf(prefixes, prefix), homes);
    return result;
  }
}

const masked = new Uint32Array(4);

function inside(prefixes: PrefixTable, id: number, covering: number): boolean {
  const shape = prefixes.shape(covering);
  if (prefixes.shape(id) <= shape || prefixes.shape(id) < IPV6_SHAPE !== shape < IPV6_SHAPE) return false;
  for (let word = 0; word < 4; word++) masked[word] = prefixes.word(id, word);
  maskWords(shape, masked);
  for (let word = 0; word < 4; word++) if (masked[word] !== prefixes.word(covering, word)) return false;
  return true;
}

/** In the same 16 bits of IPv4 or 24 of IPv6, as registries hand blocks of a region out. */
function isNear(prefixes: PrefixTable, id: number, other: number): boolean {
  const v4 = prefixes.shape(id) < IPV6_SHAPE;
  if (v4 !== prefixes.shape(other) < IPV6_SHAPE) return false;
  return (prefixes.word(id, 0) ^ prefixes.word(other, 0)) >>> (v4 ? 16 : 8) === 0;
}

function heldByAny(prefixes: PrefixTable, id: number, holders: readonly number[]): boolean {
  for (let slot = id * ORIGINS; slot < (id + 1) * ORIGINS; slot++) {
    if (prefixes.originLast(slot) !== 0 && holders.includes(prefixes.origin(slot))) return true;
  }
  return false;
}
