import type { z } from 'zod';

const NOUNS: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of settings in braces',
  record: 'a group of settings in braces',
};
const FORMS: Record<string, string> = {
  url: 'a URL such as https://example.net/',
  datetime: 'a time such as 2026-11-30T06:00Z',
  email: 'a mail address',
};
const UNITS: Record<string, string> = { string: 'letter', array: 'entry', set: 'entry' };
const LONGEST = 60;

/**
 * What is wrong with a value from outside, in plain English: given to a schema's parse in place of zod's own messages.
 * Messages that the schema itself has go before it.
 */
export const valueFault: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return expectation(NOUNS[issue.expected] ?? `a value of type ${issue.expected}`, issue.input);
    case 'invalid_value':
      return issue.values.length === 1
        ? expectation(String(issue.values[0]), issue.input)
        : expectation(`one of ${issue.values.join(', ')}`, issue.input);
    case 'too_small':
      if (issue.origin === 'string' && issue.minimum === 1) return 'must not be empty';
      return `expected ${issue.inclusive === false ? 'more than' : 'at least'} ${amount(issue.minimum, issue.origin)}${but(issue.input)}`;
    case 'too_big':
      return `expected ${issue.inclusive === false ? 'less than' : 'at most'} ${amount(issue.maximum, issue.origin)}${but(issue.input)}`;
    case 'invalid_format':
      return expectation(FORMS[issue.format] ?? 'another form', issue.input);
    case 'unrecognized_keys':
      return `unknown name ${issue.keys.map((key) => `"${key}"`).join(', ')}`;
    case 'invalid_key':
    case 'invalid_element':
      return issue.issues[0]?.message;
    case 'invalid_union':
      return Array.isArray(issue.options) ? `expected one of ${issue.options.join(', ')}` : undefined;
    default:
      return undefined;
  }
};

function expectation(what: string, given: unknown): string {
  if (Number.isNaN(given)) return `expected ${what}`; // made of a text that is none
  return given === undefined ? `is missing: expected ${what}` : `expected ${what}, not ${shown(given)}`;
}

/** Of a text or a list its length counts, which the reader sees. */
function but(given: unknown): string {
  return typeof given === 'number' ? `, not ${given}` : '';
}

/** A value from outside, short enough for a message. */
export function shown(given: unknown): string {
  if (typeof given === 'number') return String(given); // JSON would write null for NaN
  if (Array.isArray(given)) return 'a list';
  if (typeof given === 'object' && given !== null) return 'a group in braces';
  const text = JSON.stringify(given) ?? String(given);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
}

function amount(bound: number | bigint, origin: string): string {
  const unit = UNITS[origin];
  if (unit === undefined) return String(bound);
  const many = unit === 'entry' ? 'entries' : `${unit}s`;
  return `${bound} ${Number(bound) === 1 ? unit : many}`;
}
