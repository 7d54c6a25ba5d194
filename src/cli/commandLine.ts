import { CommanderError } from 'commander';
import { SettingsError } from '../config/load.js';
import { faultWords } from './faultWords.js';
import { say, UsageError } from './output.js';
import { createProgram } from './program.js';

/**
 * Runs what was typed behind `routewarden`, to its end, and sets the process's exit code.
 *
 * @returns false after an error that the command did not handle itself: what it left open may keep the process
 */
export async function runCommandLine(words: readonly string[]): Promise<boolean> {
  try {
    await (await createProgram(words)).parseAsync(words, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : 2;
    } else {
      say(`routewarden: ${faultWords(error)}`);
      if (process.env.LOG_LEVEL === 'debug') say((error as Error).stack ?? '');
      process.exitCode = error instanceof SettingsError || error instanceof UsageError ? 2 : 1;
      return false;
    }
  }
  return true;
}
