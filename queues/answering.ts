const ANSWER_MILLISECONDS = 5_000;

/** The store of the queues is away or says nothing. */
export class QueueStoreAway extends Error {
  override name = 'QueueStoreAway';

  constructor(queue: string) {
    super(`the store of the queue "${queue}" does not answer: is Redis up? See \`routewarden doctor\``);
  }
}

/**
 * Waits until a queue can be asked, for some seconds: by itself it would wait until its store is back, however long that is,
 * and whoever asked with it.
 * @throws QueueStoreAway
 */
export async function answering(
  queue: { name: string; waitUntilReady(): Promise<unknown> },
  milliseconds = ANSWER_MILLISECONDS,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_done, fail) => {
    timer = setTimeout(() => fail(new QueueStoreAway(queue.name)), milliseconds);
  });
  try {
    await Promise.race([queue.waitUntilReady(), late]);
  } finally {
    clearTimeout(timer);
  }
}
