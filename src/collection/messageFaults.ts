import type { Logger } from 'pino';
import { FROM_THE_FUTURE } from '../bgp/risLive.js';
import { rawDisagreement } from '../bgp/risLiveRaw.js';

export interface FaultCounts {
  skipped: number;
  /** Of those skipped: refused because their time lies in the future. */
  future: number;
  /** Updates whose announcements were taken as withdrawn, since they name AS 0 (RFC 7607). */
  treatedAsWithdraw: number;
  /** Messages of types that this program does not know, by name; beyond the first twenty names under "others". */
  unknownTypes: Record<string, number>;
  /** Updates whose raw bytes say something else than their JSON, which is what was taken. */
  rawDiffers: number;
}

/** Names of unknown types that are counted apart. */
const UNKNOWN_TYPES = 20;

/** What was wrong with a feed's messages: counted, and logged once of each kind with a sample. */
export class MessageFaults {
  readonly #sampled = new Set<string>();

  constructor(
    private readonly counts: FaultCounts,
    private readonly logger: Logger,
  ) {}

  /** Compares an update's JSON with its raw bytes, where it has any. */
  checkRaw(message: string | Uint8Array): void {
    const text = typeof message === 'string' ? message : Buffer.from(message).toString('utf8');
    const difference = rawDisagreement(text);
    if (difference === null) return;
    this.counts.rawDiffers += 1;
    if (this.#sampled.has('raw')) return;
    this.#sampled.add('raw');
    const sample = text.slice(0, 300);
    this.logger.warn({ difference, sample }, 'raw and JSON differ (further ones are counted, not logged)');
  }

  unknownType(name: string): void {
    const { unknownTypes } = this.counts;
    const key = name in unknownTypes || Object.keys(unknownTypes).length < UNKNOWN_TYPES ? name : 'others';
    unknownTypes[key] = (unknownTypes[key] ?? 0) + 1;
    if (unknownTypes[key] > 1) return;
    this.logger.warn({ type: name }, 'messages of a type that is not known are counted and left out');
  }

  treatedAsWithdraw(reason: string, text: string | Uint8Array): void {
    this.counts.treatedAsWithdraw += 1;
    if (this.counts.treatedAsWithdraw > 1) return;
    const sample = (typeof text === 'string' ? text : Buffer.from(text).toString('utf8')).slice(0, 300);
    this.logger.warn({ reason, sample }, 'took announcements as withdrawn (further ones are counted)');
  }

  skipped(reason: string, text: string | Uint8Array): void {
    this.counts.skipped += 1;
    const isFuture = reason === FROM_THE_FUTURE;
    if (isFuture) this.counts.future += 1;
    // One sample of what is malformed and one of what is too early: their remedies differ.
    const kind = isFuture ? 'future' : 'malformed';
    if (this.#sampled.has(kind)) return;
    this.#sampled.add(kind);
    const sample = (typeof text === 'string' ? text : Buffer.from(text).toString('utf8')).slice(0, 300);
    const advice = isFuture ? ": is this machine's clock behind?" : '';
    this.logger.warn({ reason, sample }, `skipped a message (further ones are counted, not logged)${advice}`);
  }
}
