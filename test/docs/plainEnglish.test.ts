import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { FILES } from './typed.js';

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
