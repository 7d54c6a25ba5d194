import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Files that the program writes for itself beside its own PostgreSQL. A full disk or a person may damage them. */
export const credentialsFile = z.object({ user: z.string().min(1), password: z.string().min(1) });
export const connectionFile = z.object({ databaseUrl: z.url({ protocol: /^postgres$/ }), pid: z.int().positive() });

/** The content of such a file; null if it is missing, or not of that kind. */
export function readOwnFile<T>(path: string, schema: z.ZodType<T>): T | null {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return null;
    throw error;
  }
  return schema.safeParse(content).data ?? null;
}
