import pretty from 'pino-pretty';
import { printableText } from '../words/printableText.js';
import type { ServiceName } from './catalogue.js';

const LONGEST_LINE = 64 * 1024;

/** Prints the JSON lines of services readably, each with its service's name; bare text is passed on with the name. */
export function logPrinter(options: {
  color: boolean;
  destination: number;
  json: boolean;
}): (service: ServiceName, line: string) => void {
  if (options.json) return (_service, line) => void process.stderr.write(`${printableText(line, LONGEST_LINE)}\n`);
  const stream = pretty({
    colorize: options.color,
    destination: options.destination,
    sync: true,
    ignore: 'pid,hostname,service',
    messageFormat: '[{service}] {msg}',
    translateTime: 'HH:MM:ss',
    singleLine: true,
  });
  return (service, line) => {
    stream.write(
      line.startsWith('{')
        ? `${line}\n`
        : `${JSON.stringify({ level: 30, time: Date.now(), service, msg: printableText(line) })}\n`,
    );
  };
}
