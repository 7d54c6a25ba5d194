import { createHash } from 'node:crypto';
import { chmodSync, existsSync, linkSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { mustTakeFiles, takesNothing } from './directoryRoom.js';
import { inTurn } from './turn.js';

/** The process that holds a directory, by its own word. */
export interface Holder {
  pid: number;
  since: string;
  command: string;
}

const holder = z.object({ pid: z.int().positive(), since: z.string().max(40), command: z.string().max(300) });
const ANSWER_MILLISECONDS = 2_000;
const SETTLED_MILLISECONDS = 100;
/** Of sun_path, with its end. */
const LONGEST_PATH = 100;
const SIGNALS = ['SIGTERM', 'SIGHUP'] as const;
export type HolderSignal = (typeof SIGNALS)[number];

export class DirectoryInUse extends Error {
  constructor(
    directory: string,
    readonly by: Holder | 'silent',
  ) {
    const who =
      by === 'silent'
        ? 'a Routewarden process that does not answer now'
        : `Routewarden process ${by.pid} (${by.command}) since ${by.since}`;
    super(
      `${directory} is in use by ${who}: stop it (\`npx routewarden --data-directory ${directory} stop\`), or choose ` +
        'another directory with --data-directory or ROUTEWARDEN_DATA_DIRECTORY',
    );
    this.name = 'DirectoryInUse';
  }
}

/**
 * One process a directory, by a Unix socket in it: the kernel ends it with its holder, so a number that has come to
 * belong to another process holds nothing. Who connects learns who holds it, and may ask the holder to signal itself;
 * the socket is for its user alone.
 */
export class DirectoryLock {
  private constructor(
    private readonly server: Server,
    private readonly path: string,
    private readonly sockets: Set<Socket>,
  ) {}

  /** @throws DirectoryInUse when a living process has it; DirectoryTakesNothing on a full or read-only disk */
  static async take(directory: string): Promise<DirectoryLock> {
    try {
      makeFolder(directory);
    } catch (error) {
      throw takesNothing(directory, error);
    }
    const path = lockPath(directory);
    // of several that find the same dead socket, one would otherwise take away what another has just made in its place
    const taking = inTurn(`routewarden-turn-${hashOf(path)}`, () => DirectoryLock.#take(directory, path));
    const lock = await taking.catch((error: unknown) => {
      if (!(error instanceof DirectoryInUse && error.by !== 'silent')) mustTakeFiles(directory);
      throw error;
    });
    try {
      mustTakeFiles(directory);
    } catch (error) {
      lock.release();
      throw error;
    }
    return lock;
  }

  static async #take(directory: string, path: string): Promise<DirectoryLock> {
    const sockets = new Set<Socket>();
    const mine: Holder = {
      pid: process.pid,
      since: new Date().toISOString(),
      command: process.argv.slice(2).join(' ').slice(0, 200) || 'routewarden',
    };
    const server = createServer((socket) => answer(socket, mine, sockets));
    for (let tries = 0; ; tries += 1) {
      try {
        await listen(server, path);
        if (process.platform !== 'win32') chmodSync(path, 0o600);
        server.unref();
        if (tries > 0) await keptIts(path, server, directory);
        return new DirectoryLock(server, path, sockets);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tries >= 5) throw error;
        const by = await ask(path);
        if (by !== null) throw new DirectoryInUse(directory, by);
        await clearDead(path, directory);
      }
    }
  }

  /** Frees the directory. */
  release(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    rmSync(this.path, { force: true });
  }
}

/** Who holds a directory now; `silent` for one that lives but does not answer, such as a stopped one; null for nobody. */
export function holderOf(directory: string): Promise<Holder | 'silent' | null> {
  return ask(lockPath(directory));
}

/**
 * Lets the holder of a directory signal itself, so that no other process is ever hit.
 * @returns the holder, or null if nobody holds it
 */
export function signalHolder(directory: string, signal: HolderSignal): Promise<Holder | 'silent' | null> {
  return ask(lockPath(directory), signal);
}

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 24);

function lockPath(directory: string): string {
  const hash = hashOf(directory);
  if (process.platform === 'win32') return `\\\\.\\pipe\\routewarden-${hash}`;
  const path = join(directory, 'owner.sock');
  return Buffer.byteLength(path) <= LONGEST_PATH ? path : join(tmpdir(), `routewarden-${hash}.sock`);
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', fail);
    server.listen(path, () => {
      server.removeListener('error', fail);
      done();
    });
  });
}

function answer(socket: Socket, mine: Holder, sockets: Set<Socket>): void {
  sockets.add(socket);
  socket.unref();
  let asked = '';
  socket.setTimeout(ANSWER_MILLISECONDS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.once('close', () => sockets.delete(socket));
  socket.on('data', (chunk) => {
    asked = (asked + chunk.toString('latin1')).slice(0, 20);
    const signal = SIGNALS.find((name) => asked === `${name}\n`);
    // A short command has no use for SIGHUP, and would end by it.
    if (signal === undefined || (signal === 'SIGHUP' && process.listenerCount(signal) === 0)) return;
    process.kill(process.pid, signal);
  });
  socket.write(`${JSON.stringify(mine)}\n`);
}

function ask(path: string, signal?: HolderSignal): Promise<Holder | 'silent' | null> {
  return new Promise((done, fail) => {
    let said = '';
    const socket = connect(path);
    const end = (outcome: Holder | 'silent' | null) => {
      clearTimeout(timer);
      socket.end();
      done(outcome);
    };
    // In all, however slowly it drips.
    const timer = setTimeout(() => end('silent'), ANSWER_MILLISECONDS);
    socket.on('connect', () => signal !== undefined && socket.write(`${signal}\n`));
    socket.on('data', (chunk) => {
      said += chunk.toString('utf8');
      if (!said.includes('\n') && said.length < 1_000) return;
      end(read(said));
    });
    socket.on('close', () => end('silent'));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') done(null);
      else if (error.code === 'ECONNRESET' || error.code === 'EPIPE' || error.code === 'EAGAIN') done('silent');
      else fail(error);
    });
  });
}

function read(text: string): Holder | 'silent' {
  try {
    return holder.parse(JSON.parse(text));
  } catch {
    return 'silent';
  }
}

/** Several starts may have found the same dead holder; the socket must still be this process's a moment later. */
async function keptIts(path: string, server: Server, directory: string): Promise<void> {
  await new Promise((done) => setTimeout(done, SETTLED_MILLISECONDS));
  const by = await ask(path);
  if (by !== null && by !== 'silent' && by.pid === process.pid) return;
  server.close();
  throw new DirectoryInUse(directory, by ?? 'silent');
}

/** Takes a dead holder's socket away; a living one that was made in this very moment is put back. */
async function clearDead(path: string, directory: string): Promise<void> {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const by = await ask(aside);
  if (by !== null) {
    try {
      linkSync(aside, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // a third has it: the one put aside notices
    }
    rmSync(aside);
    throw new DirectoryInUse(directory, by);
  }
  rmSync(aside, { force: true });
}

/** A folder with those above it. Node's own walks up and down for ever where a parent takes none, as in /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
