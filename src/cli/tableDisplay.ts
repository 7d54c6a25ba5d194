import { SingleBar } from 'cli-progress';
import type { RoutingHoldings } from '../features/routing/routingState.js';
import { plural } from '../words/plural.js';
import { say } from './output.js';

/** What is known, and what that takes. */
export function holdingsInWords({ routes, prefixes, paths, peers, bytes }: RoutingHoldings): string {
  const process_ = Math.round(process.memoryUsage.rss() / 1e6);
  const held = `${plural(routes, 'route')} to ${plural(prefixes, 'prefix')} by ${plural(paths, 'path')} of ${plural(peers, 'peer')}`;
  return `${held} known, in ${Math.ceil(bytes / 1e6)} MB (the process has ${process_} MB)`;
}

/** Shows on standard error how far a table dump is read: a bar on a terminal, else a line for each tenth. */
export class TableDisplay {
  #bar: SingleBar | null = null;
  #told = 0;

  /** @param progress bytes of the file read so far, of `size` */
  show({ entries, bytes, size }: { entries: number; bytes: number; size: number }): void {
    const megabytes = `${Math.round(process.memoryUsage.rss() / 1e6)} MB of memory`;
    if (process.stderr.isTTY) {
      if (this.#bar === null) {
        this.#bar = new SingleBar({
          format: 'table |{bar}| {percentage} %, {entries} routes, {megabytes}',
          stream: process.stderr,
          clearOnComplete: true,
        });
        this.#bar.start(size, 0, { entries, megabytes });
      }
      this.#bar.update(bytes, { entries, megabytes });
      if (bytes >= size) this.stop();
      return;
    }
    const tenth = Math.floor((10 * bytes) / size);
    if (tenth === this.#told) return;
    this.#told = tenth;
    say(`table: ${tenth * 10} %, ${entries} routes, ${megabytes}`);
  }

  stop(): void {
    this.#bar?.stop();
    this.#bar = null;
  }
}
