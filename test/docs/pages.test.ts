import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from '@jest/globals';
import { FILES, prose } from './typed.js';

const PAGES = [...FILES, 'CHANGELOG.md'];

/** As GitHub makes them. */
const anchor = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_\- ]/gu, '')
    .trim()
    .replaceAll(' ', '-');
const anchorsOf = (path: string) =>
  [...readFileSync(path, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchor(heading));

function deadLinks(path: string, text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]*)\)/g)].flatMap(([, link = '']) => {
    if (/^https?:/.test(link)) return [];
    const [file = '', part] = link.split('#');
    const target = file === '' ? path : normalize(join(dirname(path), file));
    if (!existsSync(target)) return [`${path}: ${link}`];
    return part !== undefined && target.endsWith('.md') && !anchorsOf(target).includes(part)
      ? [`${path}: ${link}`]
      : [];
  });
}

test('links lead to files and headings that there are', () => {
  expect(PAGES.flatMap((path) => deadLinks(path, readFileSync(path, 'utf8')))).toEqual([]);
  expect(deadLinks('README.md', '[a](docs/nowhere.md) [b](docs/alerts.md#nowhere) [c](docs/alerts.md)')).toEqual([
    'README.md: docs/nowhere.md',
    'README.md: docs/alerts.md#nowhere',
  ]);
});

test(`prose is wrapped at ${prose.WIDTH} columns`, () => {
  expect(prose.wideLines()).toEqual([]);
  const text = `${'word '.repeat(30)}\n\`\`\`\n${'code '.repeat(30)}\n\`\`\`\n| ${'cell '.repeat(30)}`;
  expect(prose.tooWide('x', text)).toEqual(['x:1']);
});
