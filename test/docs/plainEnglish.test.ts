import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { FILES, prose } from './typed.js';

/** Turns of phrase that came by translation; the glossary of CONTRIBUTING has the words to use instead. */
const FOREIGN: readonly RegExp[] = [
  /\bmend(?:s|ed|ing)?\b/i,
  /\b(?:is|are|was|were|be) told\b(?! apart)/i,
  /\btrouble of (?:ours|yours|its)\b/i,
  /\bwhere there is none\b/i,
  /\bare no news\b/i,
];

const sources = ['src/acts', 'src/cli', 'src/dashboard', 'src/incidents/alerts', 'src/services', 'queues', 'workers'];
const texts = [
  // The changelog keeps the words of its time, and the glossary names what is to be avoided.
  ...FILES.filter((path) => path !== 'CONTRIBUTING.md'),
  ...sources.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => join(folder, name)),
  ),
];

const foreignIn = (text: string) => FOREIGN.flatMap((phrase) => phrase.exec(text)?.[0] ?? []);

test('documents, command line, page and alerts are in plain English', () => {
  const found = texts.flatMap((path) =>
    readFileSync(path, 'utf8')
      .split('\n')
      .flatMap((line, index) => foreignIn(line).map((phrase) => `${path}:${index + 1}: ${phrase}`)),
  );
  expect(found).toEqual([]);
});

test('a foreign turn would be found', () => {
  expect(foreignIn('Nobody is told, and no restart mends it; colours are told apart')).toEqual(['mends', 'is told']);
});

test(`no sentence of the pages has more than ${prose.LONGEST} words`, () => {
  expect(prose.longInPages()).toEqual([]);
});

describe('a sentence that is too long', () => {
  const words = (count: number) => Array.from({ length: count }, (_, index) => `word${index}`).join(' ');
  const found = (text: string) => prose.longSentences('x', text).map((place) => place.split(':').slice(0, 3).join(':'));

  test.each([
    ['in a paragraph, after a short one', `Short.\nIt is ${words(24)}.\n`, ['x:1: 26 words']],
    ['over several lines of an item', `Text.\n\n- ${words(13)}\n  ${words(13)}\n- short\n`, ['x:3: 26 words']],
    ['with code and a link, each as it is read', `\`a b c\` [one two](three/four.md) ${words(23)}`, ['x:1: 26 words']],
    ['in brackets', `(${words(13)}, ${words(13)})`, ['x:1: 26 words']],
  ])('%s is found', (_, text, places) => {
    expect(found(text)).toEqual(places);
  });

  test.each([
    ['of two sentences', `${words(20)}. ${words(20)}.`],
    ['of items', `- ${words(20)}\n- ${words(20)}`],
    ['in a table', `| ${words(30)} |`],
    ['in a heading', `# ${words(30)}`],
    ['in code', `\`\`\`\n${words(30)}\n\`\`\``],
    ['between back quotes', `\`${words(30)}\``],
    ['of links', Array.from({ length: 20 }, (_, index) => `[page ${index}](page.md)`).join(', ')],
    ['of formulas', `The layer ${words(24)} has y = a + b and d = c.`],
  ])('%s is not counted', (_, text) => {
    expect(found(text)).toEqual([]);
  });
});
