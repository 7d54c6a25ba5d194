import { open, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { redacted, secretHider } from '../../config/redaction.js';
import { hostFetch } from '../../sources/http/hostFetch.js';
import type { RpkiSettings } from '../settings.js';
import type { Validity, VrpTable } from './validity.js';
import { readVrps, type VrpList } from './vrpFile.js';

const FIRST_RETRY_SECONDS = 15;
/** Of so few, some may go at once in the ordinary course of things. */
const FEWEST_OF_AN_ANCHOR = 20;

export interface VrpSourceOptions {
  settings: RpkiSettings;
  now: () => Date;
  log: { info(context: object, message: string): void; warn(context: object, message: string): void };
}

export interface VrpState {
  configured: boolean;
  vrps: number;
  skipped: number;
  /** Of `vrps`, those that hold no longer. */
  expired: number;
  failures: number;
  readAt: Date | null;
  /** When the list in use was made; null where it does not say. */
  generatedAt: Date | null;
  old: boolean;
  /** Which trust anchor lost most of its VRPs, in words with numbers; null when none did. */
  malfunction: string | null;
  /** Which trust anchor has many VRPs that are about to expire, in words with numbers; null when none has. */
  expiring: string | null;
  /** Why the newest reading was refused; null when it was not. */
  error: string | null;
}

/**
 * The VRPs of a file or URL, read again as the settings say. When a reading fails the former table stays in use; with
 * no table at all, validity is unknown and incidents are judged without it.
 */
export class VrpSource {
  #table: VrpTable | null = null;
  #readAt: Date | null = null;
  #failures = 0;
  #generatedAt: Date | null = null;
  #lastError: string | null = null;
  #dueAt = Number.NEGATIVE_INFINITY;
  #etag: string | null = null;
  #anchors: ReadonlyMap<string, number> = new Map();
  #takenAt: Date | null = null;
  #shrunken: string | null = null;
  #expiring: string | null = null;
  readonly #hideSecrets: (text: string) => string;

  constructor(private readonly options: VrpSourceOptions) {
    this.#hideSecrets = secretHider(options.settings, 'rpki');
  }

  /** RFC 6811 validity; undefined where there is nothing to judge by. */
  readonly validityOf = (prefix: string, origin: number): Validity | undefined => this.#table?.validity(prefix, origin);

  /** Unexpired VRPs around a prefix; undefined where there are none to look at. */
  readonly covering = (prefix: string): ReturnType<VrpTable['covering']> | undefined => this.#table?.covering(prefix);

  /** For status pages. */
  get state(): VrpState {
    const [table, failures, readAt] = [this.#table, this.#failures, this.#readAt];
    const [generatedAt, lastError] = [this.#generatedAt, this.#lastError];
    const hours = this.#ageHours(generatedAt);
    return {
      configured: this.options.settings.vrps !== undefined,
      vrps: table?.size ?? 0,
      skipped: table?.skipped ?? 0,
      expired: table?.expired ?? 0,
      failures,
      readAt,
      generatedAt,
      old: hours !== null && hours > this.options.settings.maximumAgeHours,
      malfunction: this.#shrunken,
      expiring: this.#expiring,
      error: lastError,
    };
  }

  /** Reads at once, then whenever it is due, until the signal aborts. Resolves after the first try; never rejects. */
  async keepFresh(signal: AbortSignal, onRead: () => void): Promise<void> {
    if (this.options.settings.vrps === undefined) return;
    const again = async (): Promise<void> => {
      await this.refreshIfDue();
      if (signal.aborted) return;
      onRead();
      const longest = this.options.settings.refreshSeconds * 1000;
      const wait = Math.min(longest, Math.max(1000, this.#dueAt - this.options.now().getTime()));
      const timer = setTimeout(() => void again(), wait);
      timer.unref();
      signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
    };
    await again();
  }

  /** Reads anew when it is time: as the settings say, sooner after a failure, each time after twice the wait. */
  async refreshIfDue(): Promise<void> {
    const { settings, now, log } = this.options;
    const place = settings.vrps;
    const wait = this.#dueAt - now().getTime();
    // Longer than any wait: the clock has been set back.
    if (place === undefined || (wait > 0 && wait <= settings.refreshSeconds * 1000)) return;
    let seconds = settings.refreshSeconds;
    try {
      const list = /^https?:\/\//i.test(place)
        ? await this.#download(place)
        : await this.#inTime(this.#readFile(place));
      if (list !== null) {
        this.#refuseWorse(list);
        this.#refuseShrunken(list);
        this.#table = list.table;
        this.#anchors = list.anchors;
        this.#takenAt = now();
        this.#shrunken = null;
        this.#expiring = this.#expiringIn(list);
        this.#generatedAt = list.generatedAt;
        const { vrps, skipped, expired, old } = this.state;
        log.info({ vrps, skipped, expired, old, place: redacted(place, 'rpki.vrps') }, 'VRPs read');
      }
      this.#readAt = now();
      this.#failures = 0;
      this.#lastError = null;
    } catch (cause) {
      this.#etag = null;
      seconds = Math.min(seconds, FIRST_RETRY_SECONDS * 2 ** this.#failures);
      this.#failures += 1;
      const reason = cause instanceof Error && cause.cause instanceof Error ? `: ${cause.cause.message}` : '';
      const error = this.#hideSecrets(`${cause instanceof Error ? cause.message : String(cause)}${reason}`);
      this.#lastError = error;
      const kept =
        this.#table === null ? 'RPKI validity is unknown' : `the ${this.#table.size} read before stay in use`;
      log.warn({ place: redacted(place, 'rpki.vrps'), error }, `VRPs cannot be read; ${kept}`);
    }
    this.#dueAt = now().getTime() + seconds * 1000;
  }

  /** A list without anything in it, or an old one, says that its maker failed: what is known stays. */
  #refuseWorse({ table, generatedAt }: VrpList): void {
    if (table.size - table.expired === 0) {
      throw new Error(table.size === 0 ? 'the list is empty' : `all ${table.size} VRPs of the list have expired`);
    }
    const hours = this.#ageHours(generatedAt);
    if (this.#table !== null && hours !== null && hours > this.options.settings.maximumAgeHours) {
      throw new Error(`the list is ${Math.floor(hours)} h old (rpki.maximumAgeHours)`);
    }
  }

  /**
   * A trust anchor whose repository is down takes a part of the Internet's ROAs with it: what is known stays for as long
   * as it may be old. After that the smaller list is taken for the truth.
   */
  #refuseShrunken({ table, anchors }: VrpList): void {
    const { leastShare, maximumAgeHours } = this.options.settings;
    const hours = this.#ageHours(this.#takenAt);
    if (this.#table === null || hours === null || hours > maximumAgeHours) return;
    const lost = [...this.#anchors]
      .filter(([name, before]) => before >= FEWEST_OF_AN_ANCHOR && (anchors.get(name) ?? 0) < leastShare * before)
      .map(([name, before]) => `trust anchor ${name} has ${anchors.get(name) ?? 0} VRPs, ${before} before`);
    const before = this.#table.size;
    if (lost.length === 0 && before >= FEWEST_OF_AN_ANCHOR && table.size < leastShare * before) {
      lost.push(`the list has ${table.size} VRPs, ${before} before`);
    }
    if (lost.length === 0) return;
    this.#shrunken = lost.join('; ');
    throw new Error(`${this.#shrunken} (rpki.leastShare)`);
  }

  /** An anchor that renews nothing loses its ROAs some hours later: that is seen before they are gone. */
  #expiringIn({ anchors, expiring }: VrpList): string | null {
    const { mostExpiring, expiringHours } = this.options.settings;
    const many = [...expiring]
      .filter(([name]) => (anchors.get(name) ?? 0) >= FEWEST_OF_AN_ANCHOR)
      .filter(([name, count]) => count > mostExpiring * anchors.get(name)!)
      .map(([name, count]) => `${count} of the ${anchors.get(name)} VRPs of trust anchor ${name} expire`);
    return many.length === 0 ? null : `${many.join('; ')} within ${expiringHours} h (rpki.mostExpiring)`;
  }

  #ageHours(generatedAt: Date | null): number | null {
    return generatedAt === null ? null : (this.options.now().getTime() - generatedAt.getTime()) / 3_600_000;
  }

  /** A file on a network disk that is away may take for ever, and nothing can end that: what waits for it goes on. */
  async #inTime<T>(work: Promise<T>): Promise<T> {
    const { timeoutSeconds } = this.options.settings;
    const ended = new AbortController();
    const late = sleep(timeoutSeconds * 1000, undefined, { signal: ended.signal }).then(() => {
      throw new Error(`not read after ${timeoutSeconds} s (rpki.timeoutSeconds)`);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      late.catch(() => undefined); // ended on purpose
      work.catch(() => undefined); // reported already, by the time that it took
      ended.abort();
    }
  }

  async #readFile(path: string): Promise<VrpList> {
    const found = await stat(path);
    // A pipe or a device may never end, and to open it may never come back.
    if (!found.isFile()) throw new Error(`${path} is not a regular file`);
    this.#refuseAbove(found.size);
    const file = await open(path);
    try {
      return await readVrps(file.createReadStream({ autoClose: false }), this.options.now, this.#soonSeconds);
    } finally {
      await file.close();
    }
  }

  get #soonSeconds(): number {
    return this.options.settings.expiringHours * 3600;
  }

  /** null when the server says that nothing has changed. */
  async #download(url: string): Promise<VrpList | null> {
    const { timeoutSeconds } = this.options.settings;
    const headers: Record<string, string> = this.#etag === null ? {} : { 'if-none-match': this.#etag };
    const response = await hostFetch(url, { signal: AbortSignal.timeout(timeoutSeconds * 1000), headers });
    if (response.status === 304) return null;
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`${new URL(url).host} answered ${response.status}`);
    }
    const list = await readVrps(this.#bounded(response.body ?? []), this.options.now, this.#soonSeconds);
    this.#etag = response.headers.get('etag');
    return list;
  }

  async *#bounded(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let size = 0;
    for await (const chunk of chunks) {
      size += chunk.length;
      this.#refuseAbove(size);
      yield chunk;
    }
  }

  #refuseAbove(size: number): void {
    const { maximumBytes } = this.options.settings;
    if (size > maximumBytes) throw new Error(`more than ${maximumBytes} bytes (rpki.maximumBytes)`);
  }
}
