import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

const LONGEST_WAIT_MILLISECONDS = 5_000;
const PAUSE_MILLISECONDS = 20;

/**
 * Runs `act` while no other process of this machine runs one of the same name. The turn is a socket of Linux's abstract
 * namespace (unix(7)): it has no file, and the kernel ends it with its holder. Elsewhere, and where somebody keeps the
 * name for five seconds, `act` runs at once, so it must be safe but for a moment's race without a turn, too.
 */
export async function inTurn<T>(name: string, act: () => Promise<T>): Promise<T> {
  const turn = createServer((socket) => socket.destroy());
  const deadline = Date.now() + LONGEST_WAIT_MILLISECONDS;
  while (process.platform === 'linux' && (await isTaken(turn, `\0${name}`)) && Date.now() < deadline)
    await new Promise((done) => setTimeout(done, PAUSE_MILLISECONDS));
  try {
    return await act();
  } finally {
    if (turn.listening) await new Promise((done) => turn.close(done));
  }
}

/** Whether another process has the name now; else it is `turn`'s, or nobody may have it. */
async function isTaken(turn: Server, path: string): Promise<boolean> {
  try {
    turn.listen(path);
    await once(turn, 'listening');
    return false;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') return true;
    // a sandbox may forbid such sockets
    if (code === 'EACCES' || code === 'EPERM') return false;
    throw error;
  }
}
