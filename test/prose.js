/** The pages of documentation, and how they are wrapped and worded: `npm run check` and test/docs hold them to it. */
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
/** Most words of a sentence. */
export const LONGEST = 25;
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

/** So many links in a sentence make it a list of links, which is read as a table is. */
const LINKS = 4;

/** A sentence that is longer than LONGEST words, with its line. Code, tables, headings, link lists and formulas do not count. */
export function longSentences(path, text) {
  return paragraphs(text).flatMap(({ line, text }) =>
    text.split(/(?<=[.!?:;][\])"*_]*)\s+(?=\S)/).flatMap((sentence) => {
      const links = sentence.match(/\]\(/g)?.length ?? 0;
      const formula = (sentence.match(/\s=\s/g)?.length ?? 0) > 1;
      const words = wordsOf(sentence);
      return words.length > LONGEST && links < LINKS && !formula
        ? [`${path}:${line}: ${words.length} words: ${words.slice(0, 8).join(' ')} ...`]
        : [];
    }),
  );
}

/** Code between back quotes and a link are as long as what is read of them. */
function wordsOf(sentence) {
  const read = sentence.replace(/`[^`]*`/g, 'code').replace(/\]\([^)]*\)/g, ']');
  return read.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
}

/** Paragraphs and items of lists, each with the line that it begins in. */
function paragraphs(text) {
  const found = [];
  let code = false;
  let open = false;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^\s*```/.test(line);
    if (fence) code = !code;
    if (fence || code || /^\s*($|\||#|!\[|<!--)/.test(line)) {
      open = false;
      continue;
    }
    if (!open || /^\s*([-*]|\d+\.)\s/.test(line)) found.push({ line: index + 1, text: line.trim() });
    else found.at(-1).text += ` ${line.trim()}`;
    open = true;
  }
  return found;
}

/** The long sentences of all pages. */
export function longInPages() {
  return PAGES.flatMap((path) => longSentences(path, readFileSync(path, 'utf8')));
}
