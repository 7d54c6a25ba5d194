import kafkajs, { type Producer } from 'kafkajs';
import { type Notice, noticeKey } from '../alert.js';
import type { ChannelOf } from '../channelSettings.js';
import { noticeObject } from '../words.js';
import type { AlertChannel } from './channel.js';

/** Within one delivery; the outbox tries again later, and longer. A topic that was just made has no leader yet. */
const TRIES = { retries: 3, initialRetryTime: 200, maxRetryTime: 1_000 };

/**
 * A message an alert on a topic of Kafka: the value is what the webhook posts of it, the key its fingerprint, so that an
 * alert's messages stay in order. The header `idempotency-key` is the same when a message is sent again.
 */
export class KafkaChannel implements AlertChannel {
  readonly name: string;
  #producer: Producer | null = null;

  constructor(private readonly settings: ChannelOf<'kafka'>) {
    this.name = settings.name;
  }

  async send(notices: readonly Notice[], signal: AbortSignal): Promise<void> {
    const messages = notices.map((notice) => ({
      key: notice.alert.fingerprint,
      value: JSON.stringify(noticeObject(notice)),
      headers: { 'idempotency-key': noticeKey(notice) },
    }));
    const { topic, timeoutSeconds } = this.settings;
    const late = AbortSignal.any([signal, AbortSignal.timeout(timeoutSeconds * 1000)]);
    try {
      await orAborted(this.#deliver(topic, messages), late, `not delivered within ${timeoutSeconds} s`);
    } catch (error) {
      // A producer that failed is not used again: what it has still in hand could come late and twice.
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = null;
    await producer?.disconnect();
  }

  async #deliver(topic: string, messages: Parameters<Producer['send']>[0]['messages']): Promise<void> {
    if (this.#producer === null) {
      const producer = this.#opened();
      this.#producer = producer;
      await producer.connect();
    }
    await this.#producer?.send({ topic, messages, acks: -1, timeout: this.settings.timeoutSeconds * 1000 });
  }

  #opened(): Producer {
    const { brokers, tls, certificateAuthority, user, password, mechanism, timeoutSeconds } = this.settings;
    const kafka = new kafkajs.Kafka({
      clientId: 'routewarden',
      brokers,
      ssl: tls && (certificateAuthority === undefined ? true : { ca: [certificateAuthority] }),
      ...(user === undefined ? {} : { sasl: { mechanism, username: user, password: password ?? '' } as never }),
      connectionTimeout: timeoutSeconds * 1000,
      requestTimeout: timeoutSeconds * 1000,
      retry: TRIES,
      // What fails is thrown, and logged where deliveries are.
      logLevel: kafkajs.logLevel.NOTHING,
    });
    return kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  }
}

/** @throws Error with the words when the signal comes first; the work goes on to its own bounded end */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal, words: string): Promise<T> {
  work.catch(() => undefined); // reported by the race, or by the words
  return new Promise((resolve, reject) => {
    const abort = () => reject(new Error(words));
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
