import type { Silence } from '../incidents/alerts/silence.js';
import type { SilenceRow } from './api/schema.js';

/** A silence with its times as milliseconds since 1970. */
export function silenceRow({ startsAt, endsAt, ...silence }: Silence): SilenceRow {
  return { ...silence, startsAt: startsAt.getTime(), endsAt: endsAt.getTime() };
}
