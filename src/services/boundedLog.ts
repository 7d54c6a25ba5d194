import type { LoggerOptions } from 'pino';
import { pino } from 'pino';
import { printableText } from '../words/printableText.js';

const MOST_ENTRIES = 50;
const DEEPEST = 5;
const WINDOW_MILLISECONDS = 60_000;
/** Lines of one kind a minute; what is logged at a fault comes to a handful. */
const MOST_LINES = 30;
const MOST_KINDS = 500;

/**
 * How every service logs: texts are cut, made printable and free of secrets, and of one kind of line thirty a minute are
 * written, the rest counted. Others' texts get into lines in many places; this is the one place they all pass.
 * @param hide hides the secrets of the settings in a text
 */
export function boundedLog(hide: (text: string) => string, now: () => number): LoggerOptions {
  const kinds = new Map<string, { since: number; lines: number; left: number }>();
  const bounded = (value: unknown, depth: number): unknown => {
    if (typeof value === 'string') return printableText(hide(value));
    if (value instanceof Error) return bounded(pino.stdSerializers.err(value), depth);
    if (value === null || typeof value !== 'object' || value instanceof Date) return value;
    if (depth >= DEEPEST) return '(deeper)';
    if (Array.isArray(value)) return value.slice(0, MOST_ENTRIES).map((entry) => bounded(entry, depth + 1));
    const entries = Object.entries(value).slice(0, MOST_ENTRIES);
    return Object.fromEntries(entries.map(([key, entry]) => [printableText(key, 100), bounded(entry, depth + 1)]));
  };
  return {
    // Done already: pino's own would take what is left for an error of another type.
    serializers: { err: (value: unknown) => value },
    formatters: { log: (object) => bounded(object, 0) as Record<string, unknown> },
    hooks: {
      logMethod(given, method, level) {
        const args = given.map((part: unknown) => (typeof part === 'string' ? printableText(hide(part)) : part));
        const words = args.find((part: unknown) => typeof part === 'string') ?? '';
        const key = `${level} ${String(words).replace(/\d+/g, '#').slice(0, 80)}`;
        const at = now();
        let kind = kinds.get(key);
        if (kind === undefined || at - kind.since >= WINDOW_MILLISECONDS) {
          if (kind === undefined && kinds.size >= MOST_KINDS) kinds.delete(kinds.keys().next().value ?? '');
          const left = kind?.left ?? 0;
          kind = { since: at, lines: 0, left: 0 };
          kinds.set(key, kind);
          if (left > 0) method.call(this, `${left} further lines like the next were left out`);
        }
        kind.lines += 1;
        if (kind.lines > MOST_LINES) {
          kind.left += 1;
          return;
        }
        method.apply(this, args as Parameters<typeof method>);
      },
    },
  };
}
