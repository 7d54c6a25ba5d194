import type { ModelKey } from '../models/model.js';
import { parseModelKey } from '../models/modelKey.js';
import { UsageError } from './output.js';

/** @throws UsageError naming the right form */
export function readKey(text: string): ModelKey {
  try {
    const { kind, stream } = parseModelKey(text);
    return `${kind}@${stream}` as const;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** @throws UsageError where the model's stream is none of these */
export function requireStream(key: ModelKey, streams: readonly string[]): void {
  requireKnown(parseModelKey(key).stream, streams);
}

/** @throws UsageError where a stream is none of these */
export function requireKnown(stream: string, streams: readonly string[]): void {
  if (streams.includes(stream)) return;
  const known = streams.length === 0 ? 'no stream yet' : `known streams: ${streams.join(', ')}`;
  throw new UsageError(`unknown stream ${stream} (${known})`);
}

/** A version's number, or how many. @throws UsageError */
export function readNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`"${text}" is not a whole number`);
  return Number(text);
}
