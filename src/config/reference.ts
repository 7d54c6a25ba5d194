import { z } from 'zod';
import { settingPaths } from './load.js';
import { settingsSchema } from './settings.js';

const HEAD = `# Settings

Read from defaults, then a JSON file (\`--config\`, \`ROUTEWARDEN_CONFIG\`, or \`routewarden.config.json\` in the current folder), then
the environment, then flags; the later wins. \`feed.url\` is \`ROUTEWARDEN_FEED_URL\`; lists and objects are JSON. Short names:
\`DATABASE_URL\`, \`REDIS_URL\`, \`DRIFT_CHECK_INTERVAL\`, \`LSTM_ENGINE\`, \`LOG_LEVEL\`, \`DASHBOARD_TOKEN\`, \`DASHBOARD_READ_TOKEN\`. A wrong or
unknown setting stops the program with its name. \`npx routewarden config\` prints what is in force.

This page is written from the schema, and a test compares them: \`npx routewarden config --reference > docs/configuration.md\`.

| setting | default | meaning |
| --- | --- | --- |
`;

/** The page that describes every setting (docs/configuration.md), written from the schema. */
export function settingsReference(): string {
  const defaults = settingsSchema.parse({});
  const rows = settingPaths().map(([path, schema, meaning]) => {
    // As it is written, before any transform; inside an object that may be absent, what it is once the object is there.
    const standard =
      schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault
        ? schema.def.defaultValue
        : valueAt(defaults, path);
    const shown = standard === undefined ? '' : `\`${JSON.stringify(standard)}\``;
    return `| \`${path}\` | ${shown} | ${meaning.replaceAll('|', '\\|')} |`;
  });
  return `${HEAD}${rows.join('\n')}\n`;
}

/** What a setting is when nobody says it; undefined: absent. */
function valueAt(defaults: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], defaults);
}
