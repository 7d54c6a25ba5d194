import { expect, test } from '@jest/globals';
import { table } from '../../src/cli/output.js';
import { printableLines } from '../../src/words/printableText.js';

test('what others wrote moves no cursor and forges no line in a table', () => {
  const shown = table(['id', 'why'], [[1, 'x\u001b[2J\nroot: all is well\u202e']]);
  expect(shown.split('\n')).toHaveLength(2);
  expect(shown).toContain('x\\u001b[2J\\nroot: all is well\\u202e');
});

test('a message keeps its own lines', () => {
  expect(printableLines('wrong settings:\n  a\u0007')).toBe('wrong settings:\n  a\\u0007');
});
