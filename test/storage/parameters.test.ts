import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parseSync } from '@swc/core';

/** Texts that PostgreSQL would be given. */
const SQL = /\b(SELECT\s|INSERT INTO\s|UPDATE\s+\S+\s+SET\s|DELETE FROM\s|TRUNCATE\s|ALTER TABLE\s|LISTEN\s)/;
/** Text of the program itself: a constant. */
const CONSTANT = /^[A-Z][A-Z0-9_]*$/;

/** Names that are put into a statement, with where they come from: never from outside. */
const NAMES: Record<string, Record<string, string>> = {
  'src/storage/retention.ts': {
    table: 'text of the file',
    join: 'text of the file',
    due: 'text of the file',
  },
  'src/storage/forgetStream.ts': { table: 'lists of the file' },
  'src/storage/activations.ts': { call: 'one of two functions named in the file' },
  'src/storage/scoreBuckets.ts': { table: 'calls in the file', name: 'calls in the file', 'of(…)': 'text of the file' },
  'src/storage/scratchSchema.ts': { name: 'a prefix and random hexadecimal digits, made in the file' },
  'src/storage/incidentSearch.ts': {
    name: "a parameter's place, such as $1",
    block: "a parameter's place, such as $1",
    'given(…)': "a parameter's place, such as $1",
  },
  'src/storage/incidentMarks.ts': { set: 'text of the file, with places of parameters' },
  'src/storage/incidents.ts': { text: 'made in incidentSearch.ts, with places of parameters' },
  'src/storage/aggregatorPages.ts': { rows: 'places of parameters' },
  'src/storage/queueSchema.ts': { now: 'text of the file' },
  'src/storage/tableDump.ts': {
    fields: "columns of the database's catalogue, quoted",
    'name(…)': "names of the database's catalogue, quoted",
    where: 'text of its callers, without values',
    'await keyOf(…)': "columns of the database's catalogue, quoted",
    table: "the database's catalogue, as regclass",
    how: 'text of the file',
  },
};
/** Makers of SQL from names of columns and tables that are written where they are called. */
const MAKERS = ['minuteOf', 'timeOf', 'isEndOf'];

interface Node {
  type: string;
  [name: string]: unknown;
}

function* nodesOf(value: unknown): Generator<Node> {
  if (Array.isArray(value)) for (const part of value) yield* nodesOf(part);
  else if (typeof value === 'object' && value !== null) {
    if (typeof (value as Node).type === 'string') yield value as Node;
    for (const part of Object.values(value)) yield* nodesOf(part);
  }
}

/** A short name of an expression, for the lists above. */
function wordsOf(node: Node): string {
  if (node.type === 'Identifier') return String(node.value);
  if (node.type === 'AwaitExpression') return `await ${wordsOf(node.argument as Node)}`;
  if (node.type !== 'CallExpression') return node.type;
  const made = node.arguments as { expression: Node }[];
  const isLiteral = made.every(({ expression }) => expression.type === 'StringLiteral');
  const callee = wordsOf(node.callee as Node);
  return isLiteral && MAKERS.includes(callee) ? 'CONSTANT' : `${callee}(…)`;
}

/** What stands in statements of a file beside constants and parameters. */
function namesIn(path: string, text = readFileSync(path, 'utf8')): string[] {
  const found: string[] = [];
  const isSql = (node: Node) => node.type === 'StringLiteral' && SQL.test(String(node.value));
  for (const node of nodesOf(parseSync(text, { syntax: 'typescript', tsx: path.endsWith('x') }))) {
    if (node.type === 'TemplateLiteral') {
      const quasis = node.quasis as { raw: string }[];
      if (SQL.test(quasis.map(({ raw }) => raw).join(' '))) found.push(...(node.expressions as Node[]).map(wordsOf));
    }
    if (
      node.type === 'BinaryExpression' &&
      node.operator === '+' &&
      (isSql(node.left as Node) || isSql(node.right as Node))
    )
      found.push('a sum of texts');
  }
  return found.filter((name) => !CONSTANT.test(name));
}

const files = ['src', 'queues', 'workers'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name) && !name.includes('/assembly/'))
    .map((name) => join(folder, name)),
);

test('statements carry values as parameters only; names in them are the program’s own', () => {
  const wrong = files.flatMap((path) =>
    namesIn(path)
      .filter((name) => NAMES[path]?.[name] === undefined)
      .map((name) => `${path}: ${name}`),
  );
  expect(wrong).toEqual([]);
});

test('statements live in src/storage; elsewhere stand savepoints', () => {
  const elsewhere = files
    .filter((path) => !path.startsWith(join('src', 'storage')))
    .filter((path) => /\.query(<|\()/.test(readFileSync(path, 'utf8')));
  expect(elsewhere).toEqual([join('src', 'incidents', 'alerts', 'raise.ts')]);
});

test('a value in a statement would be found', () => {
  const statements = [
    `await pool.query(\`SELECT 1 FROM features WHERE stream = '\${stream}'\`);`,
    `await pool.query('DELETE FROM features WHERE stream = ' + stream);`,
    `const text = \`UPDATE streams SET name = \${names[0]} WHERE \${minuteOf(column)}\`;`,
  ];
  expect(statements.flatMap((text) => namesIn('example.ts', text))).toEqual([
    'stream',
    'a sum of texts',
    'MemberExpression',
    'minuteOf(…)',
  ]);
});
