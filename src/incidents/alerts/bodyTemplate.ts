import mustache from 'mustache';

/** Text as it is between the quotes of a JSON string (RFC 8259, 7). */
const escaped = (value: unknown): string => JSON.stringify(String(value)).slice(1, -1);

/**
 * A body from a Mustache template and the fields of a notice: `{{title}}` is text for a JSON string; `{{#lines}}{{.}}{{/lines}}`
 * goes through a list.
 *
 * @throws Error when the template cannot be read
 */
export function bodyOf(template: string, fields: object): string {
  return mustache.render(template, fields, {}, { escape: escaped });
}

/** Numbers may be without quotes; all other fields are empty here. */
const SAMPLE = { id: 1, revision: 1, watched: true, facts: { incident: 1 } };

/** Why a template cannot serve, in words; null when it can: it is read, and gives JSON for a notice with empty texts. */
export function faultOfTemplate(template: string): string | null {
  try {
    JSON.parse(bodyOf(template, SAMPLE));
    return null;
  } catch (error) {
    return `this template gives no JSON (${(error as Error).message}): put quotes around each {{field}}`;
  }
}
