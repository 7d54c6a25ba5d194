import { z } from 'zod';
import { shown, valueFault } from '../../words/valueFault.js';

/** A request that is wrong in form; answered with 400. */
export class BadRequest extends Error {}

/**
 * What a request gives, as its schema reads it.
 * @throws BadRequest that says what of it is wrong: the field, what is allowed, and what was given
 */
export function readGiven<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value, { error: valueFault });
  if (result.success) return result.data;
  throw new BadRequest(result.error.issues.map((issue) => faultOf(issue, value, schema)).join('; '));
}

function faultOf({ code, path, message }: z.core.$ZodIssue, value: unknown, schema: z.ZodType): string {
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  if (path.length === 0) {
    if (code !== 'unrecognized_keys') return `the request: ${message}`;
    return `${message}; ${known.length === 0 ? 'it takes no parameters' : `known are ${known.join(', ')}`}`;
  }
  let given = value;
  let field = '';
  for (const step of path) {
    // "major,minor" is a list to its schema alone: who wrote it sees one text
    if (typeof given !== 'object' || given === null) break;
    if (typeof step === 'number') field += `, entry ${step + 1}`;
    else field += field === '' ? String(step) : ` ${String(step)}`;
    given = (given as Record<PropertyKey, unknown>)[step];
  }
  const isSaid = !message.startsWith('expected') || / not |missing/.test(message);
  return `${field}: ${message}${isSaid ? '' : `, not ${shown(given)}`}`;
}
