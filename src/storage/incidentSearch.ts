import type { IncidentFilter } from '../incidents/incidentFilter.js';

const STANDING = `class IN ('hijack', 'moas', 'leak', 'outage')`;
const RESOLVED = `ended_at IS NOT NULL AND (coalesce(detail->>'closedBy', 'quiet') IN ('ended', 'new normal')
  OR (coalesce(detail->>'closedBy', 'quiet') = 'quiet' AND NOT ${STANDING}))`;
const STATES = {
  open: 'ended_at IS NULL',
  resolved: `(${RESOLVED})`,
  'no-news': `(ended_at IS NOT NULL AND NOT (${RESOLVED}))`,
} as const;

const SORTS = {
  started: 'started_at',
  length: 'coalesce(ended_at, last_minute) - started_at',
  severity: `array_position(ARRAY['info', 'minor', 'major', 'critical'], severity)`,
  class: 'class',
  network: 'subject',
  stream: 'stream',
} as const;

/** Every prefix that an incident names: of its culprits, of its evidence, and of the operator's own. */
const PREFIXES = `SELECT entry->>'name' AS prefix FROM jsonb_array_elements(culprits->'prefixes') entry
  UNION ALL SELECT entry #>> '{}' FROM jsonb_path_query(detail, 'lax $.**.prefix') entry`;

/** The end of a query on `incidents` that a filter asks for, from WHERE on, with its values. */
export function incidentSearch(filter: IncidentFilter): { text: string; values: unknown[] } {
  const values: unknown[] = [];
  const conditions: string[] = [];
  const given = (value: unknown) => `$${values.push(value)}`;
  const { stream, class: classes, severity, mine, as, prefix, since, until, state, before } = filter;
  if (stream !== undefined) conditions.push(`stream = ${given(stream)}`);
  if (classes !== undefined) conditions.push(`class = ANY (${given(classes)})`);
  if (severity !== undefined) conditions.push(`severity = ANY (${given(severity)})`);
  if (mine !== undefined)
    conditions.push(`(jsonb_array_length(coalesce(detail->'watched', '[]')) > 0) = ${given(mine)}`);
  if (as !== undefined) {
    const name = given(`AS${as}`);
    conditions.push(`(split_part(subject, ' ', 1) = ${name} OR EXISTS (SELECT 1 FROM jsonb_array_elements(culprits->'origins') entry
      WHERE entry->>'name' IN (${name}, ${given(String(as))})))`);
  }
  if (prefix !== undefined) {
    const block = given(prefix);
    // What is not a prefix must not end the query: the cast is made of what looks like one.
    conditions.push(`EXISTS (SELECT 1 FROM (${PREFIXES}) named
      WHERE CASE WHEN prefix ~ '^[0-9a-fA-F.:]+/[0-9]+$' THEN prefix::inet && ${block}::inet ELSE false END)`);
  }
  if (since !== undefined) conditions.push(`(ended_at IS NULL OR ended_at >= ${given(since)})`);
  if (until !== undefined) conditions.push(`started_at < ${given(until)}`);
  if (state !== undefined) conditions.push(`(${state.map((name) => STATES[name]).join(' OR ')})`);
  if (before !== undefined) conditions.push(`id < ${given(before)}`);
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')} `;
  const direction = filter.order === 'up' ? 'ASC' : 'DESC';
  const text = `${where}ORDER BY ${SORTS[filter.sort]} ${direction}, started_at DESC, id DESC
    LIMIT ${given(filter.limit)} OFFSET ${given(filter.offset)}`;
  return { text, values };
}
