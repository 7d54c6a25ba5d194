import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

interface Prose {
  PAGES: string[];
  WIDTH: number;
  LONGEST: number;
  longInPages(): string[];
  longSentences(path: string, text: string): string[];
  tooWide(path: string, text: string): string[];
  wideLines(): string[];
}
/** Not compiled, since `npm run check` uses it before anything is. */
export const prose = (await import(pathToFileURL(resolve('test', 'prose.js')).href)) as Prose;

/** The commands that the documentation tells a reader to type. */

export const FILES = prose.PAGES;
export const SCRIPTS = Object.keys((JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: object }).scripts);

export interface Found {
  where: string;
  /** As written, without what comes before the program's name. */
  words: string[];
}

/** Text that a reader would type: what stands in code blocks and between back quotes. */
function typed(file: string): { where: string; text: string }[] {
  const found: { where: string; text: string }[] = [];
  let block = false;
  for (const [index, line] of readFileSync(file, 'utf8').split('\n').entries()) {
    const where = `${file}:${index + 1}`;
    if (/^\s*```/.test(line)) block = !block;
    else if (block) found.push({ where, text: line.replace(/\s+#.*$/, '') });
    else for (const [, text] of line.matchAll(/`([^`]+)`/g)) found.push({ where, text: text! });
  }
  return found;
}

/** The words of a shell command up to what ends it; quotes hold words together. */
function shellWords(text: string): string[] {
  const words: string[] = [];
  for (const [, quotedWord, bare] of text.matchAll(/'([^']*)'|((?:"[^"]*"|[^\s'"])+)/g)) {
    if (bare !== undefined && /^(&&|\|\||[|;>&)]|\d?>.*)/.test(bare)) break;
    words.push(quotedWord ?? bare!.replaceAll('"', '').replace(/[;)]+$/, ''));
  }
  return words;
}

export const texts = FILES.flatMap(typed);
export const commands: Found[] = texts.flatMap(({ where, text }) =>
  [
    ...text.matchAll(
      /(?:^|[\s(;])(?:npx |node bin\/)?routewarden(?:\.js)? (?=[a-z[-])(.*?)(?=(?:&& )?(?:npx )?routewarden |$)/g,
    ),
  ]
    // The other meanings of the name: a system user, a database, a path.
    .filter(({ index }) => !/(psql|createdb|useradd|User=|Group=|-d|systemctl \S+)\s*$/.test(text.slice(0, index + 1)))
    .map(([, rest]) => ({ where, words: shellWords(rest!) })),
);

/** Brackets of a synopsis mean "may be left out"; it must parse with all of it. */
export const synopsis = (words: readonly string[]): string[] =>
  words.map((word) => word.replace(/^\[|\]$/g, '').replace(/\.\.\.$/, '')).filter((word) => word !== '');

/** The commands of the table in docs/cli.md, which are written there without the program's name. */
export const listed: Found[] = readFileSync('docs/cli.md', 'utf8')
  .split('\n')
  .flatMap((line, index) => {
    const found = /^\| `([^`]+)`/.exec(line)?.[1];
    return found === undefined
      ? []
      : [{ where: `docs/cli.md:${index + 1}`, words: found.replaceAll('\\|', '|').split(' ') }];
  });
