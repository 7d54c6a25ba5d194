import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { packageRoot } from '../config/paths.js';
import type { Settings } from '../config/settings.js';
import { hearFarewell } from './farewell.js';

/** Where a service reads its settings from: a pipe, since an environment holds 128 KiB a value. */
const SETTINGS_DESCRIPTOR = 4;

/** The very settings of a supervisor for its services, with folders made absolute. */
export function serviceSettings(settings: Settings, databaseUrl: string): Settings {
  return {
    ...settings,
    databaseUrl,
    dataDirectory: resolve(settings.dataDirectory),
    artifactDirectory: resolve(settings.artifactDirectory),
  };
}

/** What a service inherits: nothing that would set a setting otherwise. */
export function serviceEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !name.startsWith('ROUTEWARDEN_') && name !== 'DATABASE_URL' && name !== 'REDIS_URL',
    ),
  );
}

/** Starts a service's process, out of the terminal's group, so that Ctrl-C reaches who started it alone. */
export function launchService(options: {
  entry: string;
  settings: Settings;
  /** For node itself. */
  flags?: string[];
  environment?: Record<string, string>;
  output: 'pipe' | 'inherit';
  onError: (error: Error) => void;
}): ChildProcess {
  const { entry, settings, output, onError } = options;
  const spawned: SpawnOptions = {
    env: {
      ...serviceEnvironment(),
      ...options.environment,
      ROUTEWARDEN_SETTINGS_DESCRIPTOR: String(SETTINGS_DESCRIPTOR),
    },
    detached: true,
    stdio: ['ignore', output, output, 'ipc', 'pipe'],
  };
  const child = spawn(
    process.execPath,
    ['--enable-source-maps', ...(options.flags ?? []), join(packageRoot, 'dist/program', entry)],
    spawned,
  ) as ChildProcess;
  child.on('error', onError);
  hearFarewell(child);
  const pipe = child.stdio[SETTINGS_DESCRIPTOR] as Writable;
  pipe.on('error', () => {}); // it ended before it had read them: its exit says so
  pipe.end(JSON.stringify(settings));
  return child;
}

/** What a training's own process needs of the settings, small enough for its environment. */
export function trainingSettings(settings: Settings): string {
  const { databaseUrl, artifactDirectory, dataDirectory, logLevel, lstmEngine, retraining, drift } = settings;
  const streams = settings.streams.map(({ name }) => ({ name }));
  return JSON.stringify({
    databaseUrl,
    artifactDirectory,
    dataDirectory,
    logLevel,
    lstmEngine,
    retraining,
    drift,
    streams,
  });
}
