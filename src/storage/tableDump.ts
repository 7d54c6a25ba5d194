import type { PoolClient } from './pool.js';

const BLOCK_ROWS = 500;
/** Text of a block that goes to the server in one statement, characters. */
const MOST_BLOCK_CHARACTERS = 16_000_000;

export interface DumpedTable {
  table: string;
  columns: string[];
}

/** Tables of the program's own schema in alphabetical order with their columns in theirs. */
export async function listTables(client: PoolClient): Promise<DumpedTable[]> {
  const { rows } = await client.query<{ table: string; columns: string[] }>(
    `SELECT c.table_name AS table, array_agg(c.column_name::text ORDER BY c.column_name) AS columns
     FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
     WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER'
     GROUP BY c.table_name ORDER BY c.table_name`,
  );
  return rows;
}

/** Names of the migrations that the database has had, in order. */
export async function listMigrations(client: PoolClient): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>('SELECT name FROM routewarden_migrations ORDER BY name');
  return rows.map(({ name }) => name);
}

/**
 * Rows of a table as JSON text, one a string, in the order of its primary key; read in blocks, so that memory does not
 * grow with the table. Inside the caller's transaction.
 * @param leftOut a column and the values whose rows are left out
 */
export async function* dumpRows(
  client: PoolClient,
  { table, columns }: DumpedTable,
  leftOut?: { column: string; values: readonly string[] },
): AsyncGenerator<string> {
  const where = leftOut ? `WHERE t.${name(leftOut.column)} <> ALL ($1)` : '';
  const fields = columns.map((column) => `t.${name(column)}`).join(', ');
  await client.query(
    `DECLARE dump NO SCROLL CURSOR FOR
     SELECT row_to_json(r)::text AS row FROM (SELECT ${fields} FROM ${name(table)} t ${where} ORDER BY ${await keyOf(client, table)}) r`,
    leftOut ? [leftOut.values] : [],
  );
  try {
    for (;;) {
      const { rows } = await client.query<{ row: string }>(`FETCH ${BLOCK_ROWS} FROM dump`);
      for (const { row } of rows) yield row;
      if (rows.length < BLOCK_ROWS) return;
    }
  } finally {
    await client.query('CLOSE dump').catch(() => undefined); // the transaction failed and its error is on its way
  }
}

async function keyOf(client: PoolClient, table: string): Promise<string> {
  const { rows } = await client.query<{ column: string }>(
    `SELECT a.attname::text AS column FROM pg_index i
     JOIN unnest(i.indkey) WITH ORDINALITY k(attnum, place) ON true
     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
     WHERE i.indrelid = to_regclass($1) AND i.indisprimary ORDER BY k.place`,
    [name(table)],
  );
  return rows.length === 0 ? '1' : rows.map(({ column }) => `t.${name(column)}`).join(', ');
}

export async function rowCount(client: PoolClient, table: string): Promise<number> {
  const { rows } = await client.query<{ count: number }>(`SELECT count(*)::integer AS count FROM ${name(table)}`);
  return rows[0]!.count;
}

/** Takes rows of one table and writes them in blocks; columns that the dump does not know get their defaults. */
export class RowWriter {
  #block: string[] = [];
  #characters = 0;
  rows = 0;

  constructor(
    private readonly client: PoolClient,
    private readonly table: DumpedTable,
  ) {}

  async add(row: string): Promise<void> {
    this.#block.push(row);
    this.#characters += row.length;
    if (this.#block.length >= BLOCK_ROWS || this.#characters >= MOST_BLOCK_CHARACTERS) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#block.length === 0) return;
    const { table, columns } = this.table;
    const fields = columns.map(name).join(', ');
    await this.client.query(
      `INSERT INTO ${name(table)} (${fields})
       SELECT ${fields} FROM json_populate_recordset(NULL::${name(table)}, $1::json) ON CONFLICT DO NOTHING`,
      [`[${this.#block.join(',')}]`],
    );
    this.rows += this.#block.length;
    this.#block = [];
    this.#characters = 0;
  }
}

/**
 * Runs `work` with foreign keys checked at its end, so that tables may be filled in any order. Inside the caller's
 * transaction.
 */
export async function withDeferredKeys(client: PoolClient, work: () => Promise<void>): Promise<void> {
  const { rows } = await client.query<{ table: string; constraint: string }>(
    `SELECT conrelid::regclass::text AS table, conname::text AS constraint FROM pg_constraint
     WHERE contype = 'f' AND NOT condeferrable AND connamespace = current_schema()::regnamespace`,
  );
  const alter = async (how: string) => {
    for (const { table, constraint } of rows)
      await client.query(`ALTER TABLE ${table} ALTER CONSTRAINT ${name(constraint)} ${how}`);
  };
  await alter('DEFERRABLE INITIALLY DEFERRED');
  await work();
  await client.query('SET CONSTRAINTS ALL IMMEDIATE');
  await alter('NOT DEFERRABLE');
}

/** Lets every serial column go on after its greatest value. */
export async function advanceSequences(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ table: string; column: string; sequence: string }>(
    `SELECT table_name::text AS table, column_name::text AS column,
       pg_get_serial_sequence(quote_ident(table_name), column_name) AS sequence
     FROM information_schema.columns WHERE table_schema = current_schema()
       AND pg_get_serial_sequence(quote_ident(table_name), column_name) IS NOT NULL`,
  );
  for (const { table, column, sequence } of rows) {
    await client.query(
      `SELECT setval($1, greatest((SELECT max(${name(column)}) FROM ${name(table)}), 1),
         (SELECT count(*) > 0 FROM ${name(table)}))`,
      [sequence],
    );
  }
}

/** An identifier, quoted; names come from the database's own catalogue or are checked against it. */
function name(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
