/**
 * Decodes MRT files for `DecodingThreads`, one at a time. Encoded batches go to the main thread as they come; at most
 * `window` of them wait there unread.
 */
import { createReadStream } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { decodeMrt } from '../bgp/mrt/decodeMrt.js';
import type { ThreadReply, ThreadRequest } from './decodingThreads.js';

const port = parentPort!;
const { window } = workerData as { window: number };
let free = window;
let wake: (() => void) | null = null;

const reply = (message: ThreadReply, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

async function decode(path: string): Promise<void> {
  free = window;
  let counts = { records: 0, updates: 0, skipped: 0, reason: null as string | null };
  try {
    for await (const { batch, statistics } of decodeMrt(createReadStream(path, { highWaterMark: 256 * 1024 }))) {
      const { records, updates, skipped, samples } = statistics;
      counts = { records, updates, skipped, reason: samples[0]?.reason ?? null };
      if (batch.messages === 0) continue;
      while (free === 0) {
        await new Promise<void>((resume) => {
          wake = resume;
        });
      }
      free -= 1;
      const bytes = batch.finish();
      reply({ kind: 'batch', bytes }, bytes.buffer instanceof ArrayBuffer ? [bytes.buffer] : []);
    }
    reply({ kind: 'done', counts });
  } catch (error) {
    reply({ kind: 'failed', reason: (error as Error).message });
  }
}

port.on('message', (request: ThreadRequest) => {
  if (request.kind === 'decode') void decode(request.path);
  else {
    free += 1;
    wake?.();
    wake = null;
  }
});
