import { FileSource, type FileSourceOptions } from '../fileSource.js';
import type { AsRelations } from './asRelations.js';
import { readRelations } from './relationFile.js';

/** AS relations of a file; without one incidents are judged by what the stream itself shows. */
export class RelationSource {
  readonly #file: FileSource<AsRelations>;

  constructor(options: FileSourceOptions) {
    this.#file = new FileSource(options, {
      name: 'AS relations',
      without: 'incidents are judged without them',
      read: async (path) => {
        const { relations, skipped, sample } = await readRelations(path);
        return { value: relations, entries: relations.size, skipped, sample };
      },
    });
  }

  get relations(): AsRelations | undefined {
    return this.#file.value;
  }

  /** Looks at the file when it is time. Never rejects. */
  refreshIfDue(): Promise<void> {
    return this.#file.refreshIfDue();
  }
}
