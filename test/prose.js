/** The pages of documentation, and how they are wrapped: `npm run check` and test/docs hold them to it. */
import { readdirSync, readFileSync } from 'node:fs';

export const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name.replaceAll('\\', '/')}`),
];
export const WIDTH = 100;
/** Both are printed by commands, as tables. */
const GENERATED = ['docs/configuration.md', 'docs/features.md'];

/** Lines of prose: code, tables and pictures cannot be wrapped. */
export function tooWide(path, text) {
  let code = false;
  return text.split('\n').flatMap((line, index) => {
    if (/^\s*```/.test(line)) code = !code;
    return !code && line.length > WIDTH && !/^\s*(\||!\[|\S+$)/.test(line) ? [`${path}:${index + 1}`] : [];
  });
}

/** What stands beyond the width in the pages and the changelog, as `file:line`. */
export function wideLines() {
  return [...PAGES, 'CHANGELOG.md']
    .filter((path) => !GENERATED.includes(path))
    .flatMap((path) => tooWide(path, readFileSync(path, 'utf8')));
}
