import { z } from 'zod';
import { parseAddressBlock } from './addressBlock.js';
import { INCIDENT_CLASSES, SEVERITIES } from './incident.js';

/** The state of an incident, as filters name it: `no-news` was closed by silence, and its routes may still be in use. */
export const INCIDENT_STATES = ['open', 'resolved', 'no-news'] as const;
export const INCIDENT_SORTS = ['started', 'length', 'severity', 'class', 'network', 'stream'] as const;

/** "hijack,leak": several of a list, separated by commas. */
const several = <const Names extends readonly [string, ...string[]]>(names: Names) =>
  z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .pipe(z.array(z.enum(names, { error: `expected one or more of ${names.join(', ')}` })).min(1));

/** "major,critical", or "major+" for both. */
const severities = z
  .string()
  .transform((text) =>
    text.split(',').flatMap((part) => {
      const name = part.trim();
      const at = name.endsWith('+') ? SEVERITIES.findIndex((known) => `${known}+` === name) : -1;
      return at < 0 ? [name] : SEVERITIES.slice(at);
    }),
  )
  .pipe(
    z
      .array(z.enum(SEVERITIES, { error: `expected one or more of ${SEVERITIES.join(', ')}, or such as major+` }))
      .min(1),
  );

const AS_NUMBER = 'expected an AS number such as AS64500';

/** A time as people write it; without a zone it is UTC. */
const time = z
  .string()
  .refine((text) => /^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(timeOf(text)), {
    error: 'expected a time such as 2026-01-31 or 2026-01-31T12:00Z',
  })
  .transform((text) => new Date(timeOf(text)));

/** A whole number within limits, both included. */
const whole = (least: number, most: number) => {
  const error = `expected a whole number from ${least} to ${most}`;
  return z.coerce.number({ error }).int({ error }).min(least, { error }).max(most, { error });
};

function timeOf(text: string): number {
  const zoned = /T.*(Z|[+-]\d\d:?\d\d)$/i.test(text);
  return Date.parse(zoned ? text : text.includes('T') ? `${text}Z` : `${text}T00:00Z`);
}

/** Filters of incidents: the same in the page's address, in `/api/incidents` and on the command line. All must fit. */
export const incidentFilter = z.strictObject({
  stream: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'expected the name of a stream, such as rrc00')
    .optional(),
  class: several(INCIDENT_CLASSES).optional(),
  severity: severities.optional().describe('these alone; major+ is major and what is graver'),
  mine: z
    .enum(['yes', 'no'], { error: 'expected yes or no' })
    .transform((text) => text === 'yes')
    .optional()
    .describe('whether it touches your own networks'),
  as: z
    .string()
    .regex(/^(AS)?\d{1,10}$/i, AS_NUMBER)
    .transform((text) => Number(text.replace(/^AS/i, '')))
    .pipe(z.number().min(1, AS_NUMBER).max(4_294_967_295, AS_NUMBER))
    .optional()
    .describe('the network behind it, or an origin that stands out'),
  prefix: z
    .string()
    .trim()
    .refine((text) => parseAddressBlock(text) !== null, 'expected a prefix such as 192.0.2.0/24')
    .optional()
    .describe('names a prefix inside it, or around it'),
  since: time.optional().describe('went on at this time or later'),
  until: time.optional().describe('began before this time'),
  state: several(INCIDENT_STATES).optional(),
  sort: z.enum(INCIDENT_SORTS, { error: `expected one of ${INCIDENT_SORTS.join(', ')}` }).default('started'),
  order: z.enum(['up', 'down'], { error: 'expected up or down' }).default('down'),
  limit: whole(1, 1_000).default(50),
  offset: whole(0, 1_000_000).default(0),
  before: whole(1, Number.MAX_SAFE_INTEGER).optional().describe('incidents with a smaller id'),
});
export type IncidentFilter = z.infer<typeof incidentFilter>;
