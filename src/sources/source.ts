import type { Logger as PinoLogger } from 'pino';

export type Logger = Pick<PinoLogger, 'info' | 'warn' | 'error'>;

/** What a live feed gives its consumer. Calls come one at a time and in order. */
export interface FeedConsumer {
  /**
   * One message as received. A promise is back pressure: the next message waits for it, and the connection is paused
   * when too many wait. A rejection ends the run.
   */
  onMessage(text: string | Buffer, receivedAtMs: number): void | Promise<void>;
  /** The feed is there and has accepted the subscription. What came before this call may be missing. */
  onConnected(): void;
  /** The feed is away from now on: what it sends until the next `onConnected` is lost. */
  onDisconnected(reason: string): void;
  /** The connection is open but dead or silent; `onDisconnected` follows. */
  onStalled(reason: string): void;
}

/** Where updates come from. A source knows nothing of what is done with them. */
export interface LiveSource {
  /**
   * Delivers until the signal is aborted, and then resolves.
   * Rejects only when going on is pointless: the consumer failed, or the feed refuses the subscription.
   */
  run(consumer: FeedConsumer, signal: AbortSignal): Promise<void>;
}
