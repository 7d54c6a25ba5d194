import { FileSource, type FileSourceOptions } from '../fileSource.js';
import { readAsNames } from './asNameFile.js';
import type { AsNames } from './asNames.js';

/** Names of networks of a file; without one networks have numbers alone. */
export class AsNameSource {
  readonly #file: FileSource<AsNames>;

  constructor(options: FileSourceOptions) {
    this.#file = new FileSource(options, {
      name: 'AS names',
      without: 'networks have numbers alone',
      read: async (path) => {
        const { names, skipped, sample } = await readAsNames(path);
        return { value: names, entries: names.size, skipped, sample };
      },
    });
  }

  readonly nameOf = (asNumber: number): string | undefined => this.#file.value?.nameOf(asNumber);

  /** Looks at the file when it is time. Never rejects. */
  refreshIfDue(): Promise<void> {
    return this.#file.refreshIfDue();
  }
}
