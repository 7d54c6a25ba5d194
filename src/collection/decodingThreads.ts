import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { ColumnRoom } from '../bgp/columnRoom.js';
import { UpdateBatch } from '../bgp/updateBatch.js';

export type ThreadRequest = { kind: 'decode'; path: string } | { kind: 'taken' };

export interface DecodedCounts {
  records: number;
  updates: number;
  skipped: number;
  /** Why the first skipped record was. */
  reason: string | null;
}

export type ThreadReply =
  | { kind: 'batch'; bytes: Uint8Array }
  | { kind: 'done'; counts: DecodedCounts }
  | { kind: 'failed'; reason: string };

/** The file is damaged or cannot be read; what was decoded before has been given. */
export class UndecodableFile extends Error {
  override name = 'UndecodableFile';
}

/** Batches (5,000 messages each) that a thread may be ahead of the reader. */
const WINDOW = 32;

/** Decodes MRT files in threads, one file a thread; more files wait for a free one. */
export class DecodingThreads {
  readonly #idle: Worker[] = [];
  readonly #waiting: DecodingFile[] = [];
  readonly #running = new Map<Worker, DecodingFile>();
  #threads = 0;
  #closed = false;

  constructor(readonly count: number) {}

  /** Begins to decode now (or as soon as a thread is free); read it with `batches`. */
  start(path: string): DecodingFile {
    const file = new DecodingFile(path);
    this.#waiting.push(file);
    this.#dispatch();
    return file;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const file of this.#waiting.splice(0)) file.reply({ kind: 'failed', reason: 'stopped' });
    await Promise.all([...this.#idle, ...this.#running.keys()].map((worker) => worker.terminate()));
  }

  #dispatch(): void {
    while (this.#waiting.length > 0 && !this.#closed) {
      const worker = this.#idle.pop() ?? (this.#threads < this.count ? this.#thread() : undefined);
      if (worker === undefined) return;
      const file = this.#waiting.shift()!;
      this.#running.set(worker, file);
      file.onTaken = () => worker.postMessage({ kind: 'taken' } satisfies ThreadRequest);
      worker.postMessage({ kind: 'decode', path: file.path } satisfies ThreadRequest);
    }
  }

  #thread(): Worker {
    const worker = new Worker(new URL('./mrtThread.js', import.meta.url), { workerData: { window: WINDOW } });
    this.#threads += 1;
    worker.on('message', (reply: ThreadReply) => {
      const file = this.#running.get(worker)!;
      if (reply.kind !== 'batch') {
        this.#running.delete(worker);
        this.#idle.push(worker);
        file.onTaken = () => undefined;
      }
      file.reply(reply);
      this.#dispatch();
    });
    let trouble = 'the decoding thread ended';
    worker.on('error', (error) => {
      trouble = error.message;
    });
    worker.on('exit', () => {
      this.#threads -= 1;
      const file = this.#running.get(worker);
      this.#running.delete(worker);
      if (this.#idle.includes(worker)) this.#idle.splice(this.#idle.indexOf(worker), 1);
      file?.reply({ kind: 'failed', reason: trouble });
      this.#dispatch();
    });
    return worker;
  }
}

/** A file that is being decoded. */
export class DecodingFile {
  /** Set once `batches` has ended. */
  counts: DecodedCounts | null = null;
  onTaken: () => void = () => undefined;
  readonly #replies: ThreadReply[] = [];
  #wake: (() => void) | null = null;

  constructor(readonly path: string) {}

  reply(reply: ThreadReply): void {
    this.#replies.push(reply);
    this.#wake?.();
    this.#wake = null;
  }

  /**
   * Each batch is valid until the next is asked for.
   * @throws UndecodableFile after the batches that could be decoded
   */
  async *batches(): AsyncGenerator<UpdateBatch> {
    const room = new ColumnRoom();
    for (;;) {
      const reply = this.#replies.shift();
      if (reply === undefined) {
        await new Promise<void>((resume) => {
          this.#wake = resume;
        });
        continue;
      }
      if (reply.kind === 'failed') throw new UndecodableFile(`${this.path}: ${reply.reason}`);
      if (reply.kind === 'done') {
        this.counts = reply.counts;
        return;
      }
      this.onTaken();
      yield UpdateBatch.decode(reply.bytes, room);
      // a port hands over all that is there at once: without this, others would wait for hundreds of batches
      await turn();
    }
  }
}
