import { CommanderError } from 'commander';
import { SettingsError } from '../config/load.js';
import { UsageError } from './output.js';
import { createProgram } from './program.js';

const LEFT_OPEN_MILLISECONDS = 2_000;

// A reader that has seen enough (`| head`) closes the pipe: that is its right, and no fault of the command.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}

try {
  await (await createProgram(process.argv.slice(2))).parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    process.stderr.write(`routewarden: ${(error as Error).message || String(error)}\n`);
    if (process.env.LOG_LEVEL === 'debug') process.stderr.write(`${(error as Error).stack}\n`);
    process.exitCode = error instanceof SettingsError || error instanceof UsageError ? 2 : 1;
    // A failed command ends, whatever it left open: who supervises it must see that.
    setTimeout(() => process.exit(), LEFT_OPEN_MILLISECONDS).unref();
  }
}
