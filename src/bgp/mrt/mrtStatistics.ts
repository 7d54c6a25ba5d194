const SAMPLES = 10;

/** What a decoder has met so far. */
export class MrtStatistics {
  /** Records with a header, whatever became of them. */
  records = 0;
  updates = 0;
  stateChanges = 0;
  /** OPEN, NOTIFICATION, KEEPALIVE and ROUTE-REFRESH messages. */
  otherMessages = 0;
  ribEntries = 0;
  /** Records that were not understood, and places where the next record had to be searched. */
  skipped = 0;
  /** Bytes passed over while searching the next record. */
  skippedBytes = 0;
  treatedAsWithdraw = 0;
  otherFamilies = 0;
  unsaidPathIds = 0;
  /** Of the latest record that gave a message, ms. */
  lastTime = 0;
  /** The first few skipped, with the offset in the decompressed file. */
  readonly samples: { offset: number; reason: string }[] = [];

  /** Whether what was read so far is of a table dump. */
  get isTable(): boolean {
    return this.ribEntries > 0 && this.updates === 0 && this.stateChanges === 0;
  }

  /** Whether what was read is a table dump, and no bytes of it were lost. */
  get isWholeTable(): boolean {
    return this.isTable && this.skippedBytes === 0;
  }

  skip(offset: number, reason: string): void {
    this.skipped++;
    if (this.samples.length < SAMPLES) this.samples.push({ offset, reason });
  }
}
