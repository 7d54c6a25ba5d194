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
  const standards = settingsSchema.parse({});
  const rows = settingPaths().map(([path, , meaning]) => {
    // A default may stand at the setting itself or at a group around it.
    const standard = path
      .split('.')
      .reduce<unknown>((node, key) => (node as Record<string, unknown> | null | undefined)?.[key], standards);
    const shown = standard === undefined ? '' : `\`${JSON.stringify(standard)}\``;
    return `| \`${path}\` | ${shown} | ${meaning.replaceAll('|', '\\|')} |`;
  });
  return `${HEAD}${rows.join('\n')}\n`;
}
