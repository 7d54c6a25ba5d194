import { runCommandLine } from './commandLine.js';

const LEFT_OPEN_MILLISECONDS = 2_000;

// A reader that has seen enough (`| head`) closes the pipe: that is its right, and no fault of the command.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}

// A failed command ends, whatever it left open: who supervises it must see that.
if (!(await runCommandLine(process.argv.slice(2)))) setTimeout(() => process.exit(), LEFT_OPEN_MILLISECONDS).unref();
