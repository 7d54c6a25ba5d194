import { printableLines, printableText } from '../words/printableText.js';
import { isoTimes } from './isoTimes.js';

/** The user asked for something that cannot be meant; the message says what would do. Exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** What `--json` prints: one object on one line, the last of standard output, with times as ISO 8601. */
export function printJson(value: object): void {
  process.stdout.write(`${JSON.stringify(isoTimes(value))}\n`);
}

/** Everything that is not the answer goes to standard error. */
export function say(line: string): void {
  process.stderr.write(`${printableLines(line)}\n`);
}

function cellText(cell: string | number | null): string {
  return cell === null ? '-' : printableText(String(cell), Number.POSITIVE_INFINITY);
}

/** Columns padded to their widest cell. */
export function table(head: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  const lines = [head, ...rows].map((row) => row.map(cellText));
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function age(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

export function minuteText(minute: number | null): string {
  return minute === null ? '-' : new Date(minute * 60_000).toISOString().slice(0, 16).replace('T', ' ');
}
