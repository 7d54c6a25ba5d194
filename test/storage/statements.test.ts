import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parseSync } from '@swc/core';
import pg from 'pg';
import { minuteOf, timeOf } from '../../src/storage/minuteColumn.js';
import { isEndOf } from '../../src/storage/retrainRuns.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

const FOLDER = join('src', 'storage');
const STATEMENT = /^\s*(WITH|SELECT|INSERT INTO|UPDATE|DELETE FROM)\s/;
const MAKERS: Record<string, (words: string) => string> = { minuteOf, timeOf, isEndOf };
/** A part of other statements, which asks for columns of theirs. */
const PART = /^SELECT entry->>'name' AS prefix FROM jsonb_array_elements\(culprits/;
/** Of those whose text is put together while the program runs: tests of their own run them. */
const MOST_OPEN = 15;

interface Node {
  type: string;
  [name: string]: unknown;
}
interface Statement {
  where: string;
  text: string;
  /** The columns that the program reads, as it declares them; null when it does not say. */
  columns: string[] | null;
}

const modules = new Map<string, Node[]>();

function bodyOf(path: string): Node[] {
  const known = modules.get(path);
  if (known !== undefined) return known;
  const body = parseSync(readFileSync(path, 'utf8'), { syntax: 'typescript' }).body as unknown as Node[];
  modules.set(path, body);
  return body;
}

function* nodesOf(value: unknown): Generator<Node> {
  if (Array.isArray(value)) for (const part of value) yield* nodesOf(part);
  else if (typeof value === 'object' && value !== null) {
    if (typeof (value as Node).type === 'string') yield value as Node;
    for (const part of Object.values(value)) yield* nodesOf(part);
  }
}

/** What a module declares by this name, or imports from its folder. */
function declared(path: string, name: string): { node: Node; path: string } | null {
  for (const item of bodyOf(path)) {
    if (item.type === 'ImportDeclaration') {
      const from = String((item.source as Node).value);
      const names = (item.specifiers as Node[]).map(({ local }) => (local as Node).value);
      if (names.includes(name) && /^\.\/[^/]+$/.test(from))
        return declared(join(FOLDER, from.replace('.js', '.ts')), name);
    }
    const declaration = (item.type === 'ExportDeclaration' ? item.declaration : item) as Node;
    if (declaration.type === 'TsInterfaceDeclaration' && (declaration.id as Node).value === name)
      return { node: declaration, path };
    if (declaration.type === 'VariableDeclaration') {
      const found = (declaration.declarations as Node[]).find(({ id }) => (id as Node).value === name);
      if (found) return { node: found.init as Node, path };
    }
  }
  return null;
}

/** @returns the text that an expression always has; null when that depends */
function textOf(node: Node, path: string): string | null {
  if (node.type === 'StringLiteral' || node.type === 'NumericLiteral') return String(node.value);
  if (node.type === 'ParenthesisExpression' || node.type === 'TsConstAssertion')
    return textOf(node.expression as Node, path);
  if (node.type === 'TemplateLiteral') {
    const parts = (node.expressions as Node[]).map((part) => textOf(part, path));
    if (parts.includes(null)) return null;
    return (node.quasis as { cooked: string }[]).map(({ cooked }, at) => cooked + (parts[at] ?? '')).join('');
  }
  if (node.type === 'Identifier') {
    const found = declared(path, String(node.value));
    return found && textOf(found.node, found.path);
  }
  if (node.type === 'CallExpression') {
    const make = MAKERS[String((node.callee as Node).value)];
    const given = node.arguments as { expression: Node }[];
    const words = given[0] && textOf(given[0].expression, path);
    return make === undefined || given.length !== 1 || words == null ? null : make(words);
  }
  return null;
}

/** The columns of `query<Row>`, where Row is written there or an interface of the folder. */
function columnsOf(call: Node, path: string): string[] | null {
  const [row] = ((call.typeArguments as Node | null)?.params as Node[] | undefined) ?? [];
  if (row === undefined) return null;
  const membersOf = (type: Node, at: string): Node[] | null => {
    if (type.type === 'TsTypeLiteral') return type.members as Node[];
    if (type.type !== 'TsTypeReference' || type.typeParams != null) return null;
    const found = declared(at, String((type.typeName as Node).value));
    if (found?.node.type !== 'TsInterfaceDeclaration' || (found.node.extends as Node[]).length > 0) return null;
    return ((found.node.body as Node).body ?? null) as Node[] | null;
  };
  return membersOf(row, path)?.map(({ key }) => String((key as Node).value)) ?? null;
}

const statements: Statement[] = [];
const open: string[] = [];
for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.ts'))) {
  const path = join(FOLDER, name);
  const calls = new Map<Node, Node>();
  const inside = new Set<Node>();
  for (const node of nodesOf(bodyOf(path))) {
    const [first] = node.type === 'CallExpression' ? (node.arguments as { expression: Node }[]) : [];
    const callee = node.callee as Node | undefined;
    if (first && callee?.type === 'MemberExpression' && (callee.property as Node).value === 'query')
      calls.set(first.expression, node);
    if (node.type !== 'TemplateLiteral' && node.type !== 'StringLiteral') continue;
    if (inside.has(node)) continue;
    for (const part of nodesOf(node)) inside.add(part);
    const head = node.type === 'StringLiteral' ? String(node.value) : (node.quasis as { cooked: string }[])[0]!.cooked;
    if (!STATEMENT.test(head) || PART.test(head)) continue;
    const text = textOf(node, path);
    const call = calls.get(node);
    const where = `${name}: ${head.trim().slice(0, 60)}`;
    if (text === null) open.push(where);
    else statements.push({ where, text, columns: call ? columnsOf(call, path) : null });
  }
}

/** Asks the server what a statement gives, without running it. */
class Description {
  readonly columns: Promise<string[]>;
  #done: (columns: string[]) => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;
  #names: string[] = [];

  constructor(readonly text: string) {
    this.columns = new Promise((done, fail) => {
      this.#done = done;
      this.#fail = fail;
    });
  }

  submit(connection: pg.Connection): void {
    connection.parse({ name: '', text: this.text, types: [] }, true);
    connection.describe({ type: 'S', name: '' }, true);
    connection.sync();
  }

  handleRowDescription({ fields }: { fields: { name: string }[] }): void {
    this.#names = fields.map(({ name }) => name);
  }

  handleError(error: Error): void {
    this.#fail(error);
  }

  handleReadyForQuery(): void {
    this.#done(this.#names);
  }
}

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await openTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
}, 60_000);
afterAll(async () => {
  await client?.end();
  await database?.close();
});

async function faultOf({ text, columns }: Pick<Statement, 'text' | 'columns'>): Promise<string | null> {
  try {
    const given = await client.query(new Description(text) as unknown as pg.Submittable & Description).columns;
    const missing = columns?.filter((column) => !given.includes(column)) ?? [];
    return missing.length === 0 ? null : `gives no column ${missing.join(', ')}, but ${given.join(', ')}`;
  } catch (error) {
    return (error as Error).message;
  }
}

test('every statement fits the schema, and gives the columns that the program reads', async () => {
  expect(statements.length).toBeGreaterThan(150);
  expect(statements.filter(({ columns }) => columns !== null).length).toBeGreaterThan(80);
  expect(open.length).toBeLessThanOrEqual(MOST_OPEN);
  const faults: string[] = [];
  for (const statement of statements) {
    const fault = await faultOf(statement);
    if (fault !== null) faults.push(`${statement.where}: ${fault}`);
  }
  expect(faults).toEqual([]);
});

test('a wrong table, a wrong column and a wrong row would be found', async () => {
  expect(await faultOf({ text: 'SELECT 1 FROM feature', columns: null })).toMatch('"feature" does not exist');
  expect(await faultOf({ text: 'SELECT minut FROM features', columns: null })).toMatch('"minut" does not exist');
  expect(await faultOf({ text: 'SELECT minute FROM features', columns: ['minut'] })).toMatch('no column minut');
  expect(await faultOf({ text: 'SELECT minute FROM features', columns: ['minute'] })).toBeNull();
});
