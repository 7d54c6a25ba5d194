import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { runCommandLine } from '../../src/cli/commandLine.js';

const PROGRAM = resolve('bin', 'routewarden.js');

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The environment without what would point the program at a store of the developer's. */
function environment(extra: Record<string, string>): NodeJS.ProcessEnv {
  const bare = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(ROUTEWARDEN_|DATABASE_URL|REDIS_URL|DASHBOARD_|NODE_OPTIONS|LOG_LEVEL)/.test(name),
    ),
  );
  return { ...bare, ...extra };
}

/** Runs `routewarden` to its end, as a user would, in the project's folder or another. */
export async function routewarden(
  words: string[],
  extra: Record<string, string> = {},
  folder?: string,
): Promise<Ended> {
  return startRoutewarden(words, extra, folder).ended;
}

/**
 * Runs `routewarden` in this process: of many commands that end by themselves, the starts of Node.js are what takes long.
 * One at a time, since environment, folder and output are the process's.
 */
export async function routewardenHere(
  words: readonly string[],
  extra: Record<string, string> = {},
  folder = process.cwd(),
): Promise<Ended> {
  const before = { environment: process.env, folder: process.cwd(), code: process.exitCode };
  const written = { stdout: '', stderr: '' };
  const streams = ['stdout', 'stderr'] as const;
  const writes = streams.map((name) => process[name].write);
  for (const name of streams) {
    process[name].write = (text: string | Uint8Array) => {
      written[name] += typeof text === 'string' ? text : Buffer.from(text).toString();
      return true;
    };
  }
  process.env = environment(extra);
  process.chdir(folder);
  process.exitCode = undefined;
  try {
    await runCommandLine(words);
    return { code: Number(process.exitCode ?? 0), ...written };
  } finally {
    for (const [at, name] of streams.entries()) process[name].write = writes[at]!;
    process.env = before.environment;
    process.chdir(before.folder);
    process.exitCode = before.code;
  }
}

export interface Started {
  process: ChildProcess;
  /** What it wrote to standard error so far. */
  said(): string;
  /** Waits until standard error or output has this. @throws Error with all that it said when it ends first */
  saying(text: string | RegExp): Promise<void>;
  ended: Promise<Ended>;
}

export function startRoutewarden(words: string[], extra: Record<string, string> = {}, folder?: string): Started {
  const child = spawn(process.execPath, [PROGRAM, ...words], {
    env: environment(extra),
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  let over = false;
  const ended = new Promise<Ended>((done) => {
    child.once('close', (code) => {
      over = true;
      done({ code, stdout, stderr });
    });
  });
  return {
    process: child,
    said: () => stderr,
    async saying(text) {
      const has = () => (typeof text === 'string' ? (stderr + stdout).includes(text) : text.test(stderr + stdout));
      while (!has()) {
        if (over) throw new Error(`ended without saying ${text}:\n${stderr}\n${stdout}`);
        await new Promise((done) => setTimeout(done, 50));
      }
    },
    ended,
  };
}

/** The one JSON object on the last line of standard output. */
export function jsonOf<T>(ended: Ended): T {
  return JSON.parse(ended.stdout.trimEnd().split('\n').at(-1) ?? '') as T;
}
