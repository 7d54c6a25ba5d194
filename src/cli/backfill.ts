import type { Minute } from '../features/row.js';
import { type DownloadProgress, download } from '../sources/archive/download.js';
import { type ArchiveFile, layoutOf, listFiles } from '../sources/archive/layout.js';
import type { Logger } from '../sources/source.js';

export interface BackfillRequest {
  /** `rrc00` or `route-views...`; tells the archive and its layout. */
  collector: string;
  /** The first minute wanted. */
  from: Minute;
  /** The first minute not wanted. */
  until: Minute;
  /** Where downloaded files are kept. */
  directory: string;
  /** Another archive of the same layout. */
  baseUrl?: string;
  parallel?: number;
  attempts?: number;
  logger: Logger;
  random: () => number;
  onProgress?: (progress: DownloadProgress) => void;
  signal?: AbortSignal;
}

/** Takes the files in order of time; it must write idempotently, as a file may come again in a later run. */
export interface BackfillSink {
  /** A whole MRT file, gzip or bzip2 as its name says. A rejection ends the backfill. */
  file(path: string, file: ArchiveFile): Promise<void>;
  /** Minutes that the archive does not have, or did not give: they stay gaps. */
  absent(file: ArchiveFile, reason: string): Promise<void>;
}

export interface BackfillSummary {
  files: number;
  downloaded: number;
  /** Already there from an earlier run. */
  present: number;
  missing: number;
  failed: number;
  /** Of the files given to the sink. */
  bytes: number;
  seconds: number;
}

/**
 * Gives a collector's archived minutes to the sink, downloading ahead while it works.
 *
 * @throws Error for a collector or base URL that makes no sense; the signal's reason when aborted
 */
export async function backfill(request: BackfillRequest, sink: BackfillSink): Promise<BackfillSummary> {
  const { collector, from, until, baseUrl, ...options } = request;
  const files = listFiles(layoutOf(collector, baseUrl), collector, from, until);
  const summary = { files: files.length, downloaded: 0, present: 0, missing: 0, failed: 0, bytes: 0, seconds: 0 };
  const started = performance.now();
  for await (const result of download(files, options)) {
    summary[result.outcome]++;
    if (result.outcome === 'missing') await sink.absent(result.file, 'not in the archive');
    else if (result.outcome === 'failed') await sink.absent(result.file, result.reason);
    else {
      summary.bytes += result.bytes;
      await sink.file(result.path, result.file);
    }
  }
  summary.seconds = (performance.now() - started) / 1000;
  return summary;
}
