import { MODEL_KINDS, type ModelKey, type ModelKindName } from './model.js';

const STREAM = /^[a-z0-9][a-z0-9._-]{0,62}$/i;

export function modelKey(kind: ModelKindName, stream: string): ModelKey {
  return `${kind}@${stream}`;
}

/** @throws Error naming the right form when `text` is not `kind@stream` */
export function parseModelKey(text: string): { kind: ModelKindName; stream: string } {
  const parsed = partsOf(text);
  if (parsed === null) {
    throw new Error(
      `"${text}" is not a model key: expected KIND@STREAM with KIND one of ${MODEL_KINDS.join(', ')}, such as lstm@rrc00`,
    );
  }
  return parsed;
}

export function isModelKey(text: string): boolean {
  return partsOf(text) !== null;
}

function partsOf(text: string): { kind: ModelKindName; stream: string } | null {
  const at = text.indexOf('@');
  const kind = MODEL_KINDS.find((name) => name === text.slice(0, at));
  const stream = text.slice(at + 1);
  return at < 0 || kind === undefined || !STREAM.test(stream) ? null : { kind, stream };
}
