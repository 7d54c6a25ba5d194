import { z } from 'zod';
import { MODEL_KINDS } from '../models/model.js';
import { settingPaths } from './load.js';
import { settingsSchema } from './settings.js';

const HEAD = `# Settings

Look a setting up, and see with \`npx routewarden config\` what is in force. Settings are read from defaults, then a JSON file
(\`--config\`, \`ROUTEWARDEN_CONFIG\`, or \`routewarden.config.json\` in the current folder), then the environment, then flags; the
later wins. \`feed.url\` is \`ROUTEWARDEN_FEED_URL\`; lists and objects are JSON. Short names: \`DATABASE_URL\`, \`REDIS_URL\`,
\`DRIFT_CHECK_INTERVAL\`, \`LSTM_ENGINE\`, \`LOG_LEVEL\`, \`DASHBOARD_TOKEN\`, \`DASHBOARD_READ_TOKEN\`. A wrong or unknown setting stops
the program with its name. KIND is \`heuristic\`, \`isolation_forest\` or \`lstm\`.

This page is written from the schema, and a test compares them: \`npx routewarden config --reference > docs/configuration.md\`.

| setting | default | meaning |
| --- | --- | --- |
`;

/** A segment of a path that is the name of a kind: settings of all kinds share a row. */
const KIND = new RegExp(`\\.(${MODEL_KINDS.join('|')})(?=\\.|$)`);

/** The page that describes every setting (docs/configuration.md), written from the schema. */
export function settingsReference(): string {
  const defaults = settingsSchema.parse({});
  const rows = new Map<string, { meaning: string; defaults: { kind: string | undefined; shown: string }[] }>();
  for (const [path, schema, meaning] of settingPaths()) {
    // As it is written, before any transform; inside an object that may be absent, what it is once the object is there.
    const standard =
      schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault
        ? schema.def.defaultValue
        : valueAt(defaults, path);
    const shown = standard === undefined ? '' : `\`${JSON.stringify(standard)}\``;
    const name = path.replace(KIND, '.KIND');
    const row = rows.get(name) ?? { meaning, defaults: [] };
    row.defaults.push({ kind: KIND.exec(path)?.[1], shown });
    rows.set(name, row);
  }
  const lines = [...rows].map(
    ([name, row]) => `| \`${name}\` | ${shownOf(row.defaults)} | ${row.meaning.replaceAll('|', '\\|')} |`,
  );
  return `${HEAD}${lines.join('\n')}\n`;
}

/** One default where all kinds have the same, else one for each kind. */
function shownOf(defaults: readonly { kind: string | undefined; shown: string }[]): string {
  const different = new Set(defaults.map(({ shown }) => shown));
  return different.size === 1
    ? [...different].join('')
    : defaults.map(({ kind, shown }) => `${kind} ${shown}`).join(', ');
}

/** The default of a setting; undefined: absent. */
function valueAt(defaults: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], defaults);
}
