import { type LevelWithSilent, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

/** What a command's parts log, as lines for people on standard error. */
export function terminalLog(level: LevelWithSilent): Logger {
  const colorize = process.stderr.isTTY === true;
  return pino({ level, base: null }, pretty({ colorize, destination: 2, sync: true, translateTime: 'HH:MM:ss' }));
}
