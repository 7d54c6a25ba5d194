import { closeSync, existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { valueFault } from '../words/valueFault.js';
import { type Settings, settingsSchema } from './settings.js';

export const DEFAULT_FILE = 'routewarden.config.json';

/** Short names beside the regular ones (ROUTEWARDEN_FEED_URL for feed.url, and so on). */
const SHORT_NAMES: Record<string, string> = {
  DATABASE_URL: 'databaseUrl',
  REDIS_URL: 'redisUrl',
  DRIFT_CHECK_INTERVAL: 'driftCheckIntervalSeconds',
  LSTM_ENGINE: 'lstmEngine',
  LOG_LEVEL: 'logLevel',
  DASHBOARD_TOKEN: 'dashboard.token',
  DASHBOARD_READ_TOKEN: 'dashboard.readToken',
};

/** Set by the program itself, or naming the file. */
const OTHER_NAMES = [
  'ROUTEWARDEN_CONFIG',
  'ROUTEWARDEN_SETTINGS',
  'ROUTEWARDEN_SETTINGS_DESCRIPTOR',
  'ROUTEWARDEN_INSTANCE',
  'ROUTEWARDEN_RESTARTS',
];

export class SettingsError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SettingsError';
  }
}

export interface LoadedSettings {
  settings: Settings;
  /** Where each value that is not a default came from, by its dotted path. */
  origins: Map<string, string>;
}

type Tree = { [key: string]: unknown };

/**
 * Reads settings: defaults, then the file, then the environment, then flags; the later wins.
 * @param file named by a flag; null reads none at all
 * @param flags values by dotted path, such as { 'feed.url': 'ws://127.0.0.1:1' }
 * @throws SettingsError that names each wrong value, where it came from and what was expected
 */
export function loadSettings(
  environment: NodeJS.ProcessEnv,
  options: { file?: string | null | undefined; flags?: Record<string, unknown> } = {},
): LoadedSettings {
  const origins = new Map<string, string>();
  const descriptor = environment.ROUTEWARDEN_SETTINGS_DESCRIPTOR;
  if (descriptor !== undefined) {
    // By a pipe from the supervisor: the whole settings, which an environment may be too small for.
    const text = readFileSync(Number(descriptor), 'utf8');
    closeSync(Number(descriptor));
    return { settings: check(parse(text, 'what the supervisor sent'), origins), origins };
  }
  if (environment.ROUTEWARDEN_SETTINGS !== undefined) {
    // Set by a supervisor for its services: the whole settings, checked already and checked again here.
    return { settings: check(parse(environment.ROUTEWARDEN_SETTINGS, 'ROUTEWARDEN_SETTINGS'), origins), origins };
  }
  const file = options.file === null ? undefined : settingsFile(environment, options.file);
  const tree: Tree = file === undefined ? {} : readFile(file);
  for (const path of leaves(tree)) origins.set(path, `file ${file}`);

  const known = new Set(OTHER_NAMES);
  for (const [path, schema] of settingPaths()) {
    const names = [environmentName(path), ...Object.keys(SHORT_NAMES).filter((name) => SHORT_NAMES[name] === path)];
    for (const name of names) {
      known.add(name);
      const text = environment[name];
      if (text === undefined || text === '') continue;
      set(tree, path, fromText(text, schema));
      origins.set(path, `environment ${name}`);
    }
  }
  const unknown = Object.keys(environment).filter((name) => name.startsWith('ROUTEWARDEN_') && !known.has(name));
  if (unknown.length > 0) {
    throw new SettingsError(
      `wrong settings:\n  no setting has the name ${unknown.join(', ')} (from environment): \`routewarden config\` lists them all`,
    );
  }
  for (const [path, value] of Object.entries(options.flags ?? {})) {
    if (value === undefined) continue;
    set(tree, path, value);
    origins.set(path, 'flag');
  }
  return { settings: check(tree, origins), origins };
}

/** The settings file that is read: named by a flag, by the environment, or the one in the current folder. */
export function settingsFile(environment: NodeJS.ProcessEnv, named: string | undefined): string | undefined {
  return named ?? environment.ROUTEWARDEN_CONFIG ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : undefined);
}

/** Such as ROUTEWARDEN_FEED_URL for feed.url. */
export function environmentName(path: string): string {
  return `ROUTEWARDEN_${path
    .replaceAll('.', '_')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toUpperCase()}`;
}

function check(tree: Tree, origins: Map<string, string>): Settings {
  // Once in a process: zod would compile a function for each object first, which takes twice as long as all checks.
  const parsed = settingsSchema.safeParse(tree, { error: valueFault, jitless: true });
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => {
      const path = issue.path.join('.');
      const named = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]].join('.') : path;
      // Of a list only the whole has an origin, of a group only its parts.
      const related = ([known]: [string, string]) =>
        `${named}.`.startsWith(`${known}.`) || known.startsWith(`${named}.`);
      const origin = [...origins].find(related)?.[1];
      return `  ${path || '(top level)'}: ${issue.message}${origin ? ` (from ${origin})` : ''}`;
    });
    throw new SettingsError(`wrong settings:\n${lines.join('\n')}`);
  }
  return parsed.data;
}

function readFile(file: string): Tree {
  let text: string;
  try {
    text = readFileSync(resolve(file), 'utf8');
  } catch (error) {
    throw new SettingsError(`cannot read the settings file ${file}: ${(error as Error).message}`);
  }
  return parse(text, `the settings file ${file}`);
}

function parse(text: string, what: string): Tree {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SettingsError(`${what} is not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SettingsError(`${what} has no settings: expected names and values in braces, such as {"seed": 1}`);
  return value as Tree;
}

/** Every setting by dotted path with its schema, for names in the environment and for the reference. */
export function settingPaths(): [path: string, schema: z.ZodType, meaning: string][] {
  const found: [string, z.ZodType, string][] = [];
  // A group of settings that are all alike is described once, on the group.
  const walk = (schema: z.ZodType, path: string, group: string) => {
    const inner = unwrap(schema);
    const meaning = meaningOf(schema) ?? group;
    if (inner instanceof z.ZodObject) {
      for (const [key, value] of Object.entries(inner.shape)) {
        walk(value as z.ZodType, path ? `${path}.${key}` : key, meaning);
      }
    } else {
      found.push([path, schema, meaning]);
    }
  };
  walk(settingsSchema, '', '');
  return found;
}

/** A description may come before or after what makes a setting optional. */
function meaningOf(schema: z.ZodType): string | undefined {
  if (schema.description !== undefined) return schema.description;
  const inner = unwrapOnce(schema);
  return inner === schema ? undefined : meaningOf(inner);
}

function unwrap(schema: z.ZodType): z.ZodType {
  const inner = unwrapOnce(schema);
  return inner === schema ? schema : unwrap(inner);
}

function unwrapOnce(schema: z.ZodType): z.ZodType {
  if (
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable
  ) {
    return schema.unwrap() as z.ZodType;
  }
  return schema;
}

/** Text that the schema takes as it is stays text; else it is read as JSON (numbers, booleans, lists). */
function fromText(text: string, schema: z.ZodType): unknown {
  if (schema.safeParse(text).success) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text; // the schema's message then names the variable
  }
}

function set(tree: Tree, path: string, value: unknown): void {
  const keys = path.split('.');
  let node = tree;
  for (const key of keys.slice(0, -1)) node = (node[key] ??= {}) as Tree;
  node[keys.at(-1)!] = value;
}

function leaves(tree: Tree, prefix = ''): string[] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? leaves(value as Tree, `${prefix}${key}.`)
      : [`${prefix}${key}`],
  );
}
