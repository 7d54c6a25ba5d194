import type { Notice } from '../alert.js';

/** A way to reach people. All channels are equals: they send what they are given, or throw with the reason. */
export interface AlertChannel {
  readonly name: string;
  /**
   * Sends notices (one or more) as one message, gravest first.
   * @throws Error saying what the other side said; nothing is retried here
   */
  send(notices: readonly Notice[], signal: AbortSignal): Promise<void>;
  /** Gives up connections. */
  close(): Promise<void>;
}
