import { z } from 'zod';
import { covers, parseAddressBlock } from '../addressBlock.js';
import { INCIDENT_CLASSES } from '../incident.js';
import { networkOfSubject } from '../subject.js';
import type { Alert } from './alert.js';

/** With seconds or without. */
const time = z.union([z.iso.datetime({ offset: true }), z.iso.datetime({ offset: true, precision: -1 })], {
  error: 'expected a time such as 2026-11-30T06:00Z',
});

/** What is silenced, from when to when. Every field that is given must fit; one at least must be given. */
export const silenceRequest = z
  .strictObject({
    stream: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'expected the name of a stream, such as rrc00')
      .optional(),
    class: z.enum(INCIDENT_CLASSES).optional(),
    prefix: z
      .string()
      .trim()
      .refine((text) => parseAddressBlock(text) !== null, 'expected a prefix such as 192.0.2.0/24')
      .optional()
      .describe('covers all that lies inside it'),
    asNumber: z.int().min(1).max(4_294_967_295).optional().describe('the network behind the incident'),
    startsAt: time.optional().describe('now when left out; later for a maintenance window'),
    endsAt: time,
    reason: z.string().trim().min(1).max(500),
  })
  .refine(
    ({ stream, class: name, prefix, asNumber }) => [stream, name, prefix, asNumber].some((one) => one !== undefined),
    {
      error: 'give a prefix, an AS, a class or a stream: everything at once cannot be silenced',
    },
  )
  .refine(({ startsAt, endsAt }) => !(Date.parse(endsAt) <= (startsAt === undefined ? 0 : Date.parse(startsAt))), {
    path: ['endsAt'],
    error: 'must be after the start',
  });
export type SilenceRequest = z.infer<typeof silenceRequest>;

export interface Silence {
  id: number;
  stream: string | null;
  class: string | null;
  prefix: string | null;
  asNumber: number | null;
  startsAt: Date;
  endsAt: Date;
  reason: string;
  actor: string;
}

const listOf = (value: unknown): string[] => (typeof value === 'string' && value !== '' ? value.split(',') : []);

/**
 * Whether a silence covers an alert. A silenced prefix must hold every prefix of yours that the alert names (of others,
 * where none is yours): an incident that goes beyond the maintenance is sent.
 */
export function silences(silence: Silence, { body }: Pick<Alert, 'body'>): boolean {
  const { facts = {} } = body;
  if (silence.stream !== null && silence.stream !== body.stream) return false;
  if (silence.class !== null && silence.class !== body.class) return false;
  if (silence.asNumber !== null) {
    const named = listOf(facts.subject).flatMap((subject) => networkOfSubject(subject) ?? []);
    const networks = named.length > 0 ? named : listOf(facts.origins);
    if (networks.length === 0 || networks.some((name) => name !== `AS${silence.asNumber}`)) return false;
  }
  if (silence.prefix === null) return true;
  const block = parseAddressBlock(silence.prefix);
  const own = listOf(facts.watchedPrefixes);
  const prefixes = own.length > 0 ? own : listOf(facts.prefixes);
  if (block === null || prefixes.length === 0) return false;
  return prefixes.every((text) => {
    const inner = parseAddressBlock(text);
    return inner !== null && covers(block, inner);
  });
}

/** When the last of the silences that cover an alert now ends; null when none does. */
export function silencedUntil(alert: Pick<Alert, 'body'>, all: readonly Silence[], now: Date): Date | null {
  const ends = all
    .filter((silence) => silence.startsAt <= now && silence.endsAt > now && silences(silence, alert))
    .map(({ endsAt }) => endsAt.getTime());
  return ends.length === 0 ? null : new Date(Math.max(...ends));
}
