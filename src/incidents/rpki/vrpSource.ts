import { open } from 'node:fs/promises';
import { redacted, secretHider } from '../../config/redaction.js';
import { hostFetch } from '../../sources/http/hostFetch.js';
import type { RpkiSettings } from '../settings.js';
import { type Validity, VrpTable } from './validity.js';
import { readVrps } from './vrpFile.js';

const FIRST_RETRY_SECONDS = 15;

export interface VrpSourceOptions {
  settings: RpkiSettings;
  now: () => Date;
  log: { info(context: object, message: string): void; warn(context: object, message: string): void };
}

/**
 * The VRPs of a file or URL, read again as the settings say. When a reading fails the former table stays in use; with
 * no table at all, validity is unknown and incidents are judged without it.
 */
export class VrpSource {
  private table: VrpTable | null = null;
  private readAt: Date | null = null;
  private failures = 0;
  private dueAt = Number.NEGATIVE_INFINITY;
  private etag: string | null = null;
  private readonly hideSecrets: (text: string) => string;

  constructor(private readonly options: VrpSourceOptions) {
    this.hideSecrets = secretHider(options.settings, 'rpki');
  }

  /** RFC 6811 validity; undefined where there is nothing to judge by. */
  readonly validityOf = (prefix: string, origin: number): Validity | undefined => this.table?.validity(prefix, origin);

  /** For status pages. */
  get state(): { configured: boolean; vrps: number; skipped: number; failures: number; readAt: Date | null } {
    const configured = this.options.settings.vrps !== undefined;
    const { failures, readAt } = this;
    return { configured, vrps: this.table?.size ?? 0, skipped: this.table?.skipped ?? 0, failures, readAt };
  }

  /** Reads at once, then whenever it is due, until the signal aborts. Resolves after the first try; never rejects. */
  async keepFresh(signal: AbortSignal, onRead: () => void): Promise<void> {
    if (this.options.settings.vrps === undefined) return;
    const again = async (): Promise<void> => {
      await this.refreshIfDue();
      if (signal.aborted) return;
      onRead();
      const timer = setTimeout(() => void again(), Math.max(1000, this.dueAt - this.options.now().getTime()));
      timer.unref();
      signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
    };
    await again();
  }

  /** Reads anew when it is time: as the settings say, sooner after a failure, each time after twice the wait. */
  async refreshIfDue(): Promise<void> {
    const { settings, now, log } = this.options;
    const place = settings.vrps;
    if (place === undefined || now().getTime() < this.dueAt) return;
    let wait = settings.refreshSeconds;
    try {
      const text = /^https?:\/\//i.test(place) ? await this.download(place) : await this.readFile(place);
      if (text !== null) {
        const { vrps, skipped } = readVrps(text);
        this.table = new VrpTable(vrps, skipped);
        log.info(
          { vrps: this.table.size, skipped: this.table.skipped, place: redacted(place, 'rpki.vrps') },
          'VRPs read',
        );
      }
      this.readAt = now();
      this.failures = 0;
    } catch (cause) {
      this.etag = null;
      wait = Math.min(wait, FIRST_RETRY_SECONDS * 2 ** this.failures);
      this.failures += 1;
      const reason = cause instanceof Error && cause.cause instanceof Error ? `: ${cause.cause.message}` : '';
      const error = this.hideSecrets(`${cause instanceof Error ? cause.message : String(cause)}${reason}`);
      const kept = this.table === null ? 'RPKI validity is unknown' : `the ${this.table.size} read before stay in use`;
      log.warn({ place: redacted(place, 'rpki.vrps'), error }, `VRPs cannot be read; ${kept}`);
    }
    this.dueAt = now().getTime() + wait * 1000;
  }

  private async readFile(path: string): Promise<string> {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      this.refuseAbove(size);
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  }

  /** null when the server says that nothing has changed. */
  private async download(url: string): Promise<string | null> {
    const { timeoutSeconds } = this.options.settings;
    const headers: Record<string, string> = this.etag === null ? {} : { 'if-none-match': this.etag };
    const response = await hostFetch(url, { signal: AbortSignal.timeout(timeoutSeconds * 1000), headers });
    if (response.status === 304) return null;
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`${new URL(url).host} answered ${response.status}`);
    }
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      this.refuseAbove(size);
      chunks.push(chunk);
    }
    this.etag = response.headers.get('etag');
    return Buffer.concat(chunks).toString('utf8');
  }

  private refuseAbove(size: number): void {
    const { maximumBytes } = this.options.settings;
    if (size > maximumBytes) throw new Error(`more than ${maximumBytes} bytes (rpki.maximumBytes)`);
  }
}
