import { open } from 'node:fs/promises';
import type { RpkiSettings } from '../settings.js';
import { type Validity, VrpTable } from './validity.js';
import { readVrps } from './vrpFile.js';

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
  private triedAt: Date | null = null;
  private etag: string | null = null;

  constructor(private readonly options: VrpSourceOptions) {}

  /** RFC 6811 validity; undefined where there is nothing to judge by. */
  readonly validityOf = (prefix: string, origin: number): Validity | undefined => this.table?.validity(prefix, origin);

  /** For status pages. */
  get state(): { configured: boolean; vrps: number; skipped: number; readAt: Date | null } {
    const configured = this.options.settings.vrps !== undefined;
    return { configured, vrps: this.table?.size ?? 0, skipped: this.table?.skipped ?? 0, readAt: this.readAt };
  }

  /** Reads anew when it is time; call it before each round of correlation. Never rejects. */
  async refreshIfDue(): Promise<void> {
    const { settings, now, log } = this.options;
    const place = settings.vrps;
    if (place === undefined) return;
    const due = this.triedAt === null || now().getTime() - this.triedAt.getTime() >= settings.refreshSeconds * 1000;
    if (!due) return;
    this.triedAt = now();
    try {
      const text = /^https?:\/\//i.test(place) ? await this.download(place) : await this.readFile(place);
      this.readAt = now();
      if (text === null) return;
      const { vrps, skipped } = readVrps(text);
      this.table = new VrpTable(vrps, skipped);
      log.info({ vrps: this.table.size, skipped: this.table.skipped, place }, 'VRPs read');
    } catch (cause) {
      const error = cause instanceof Error ? cause.message : String(cause);
      const kept = this.table === null ? 'RPKI validity is unknown' : `the ${this.table.size} read before stay in use`;
      log.warn({ place, error }, `VRPs cannot be read; ${kept}`);
    }
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
    const response = await fetch(url, {
      signal: AbortSignal.timeout(timeoutSeconds * 1000),
      headers: this.etag === null ? {} : { 'if-none-match': this.etag },
    });
    if (response.status === 304) return null;
    if (!response.ok) throw new Error(`${url} answered ${response.status}`);
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
