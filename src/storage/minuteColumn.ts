import type { Minute } from '../features/row.js';

/** Minutes are timestamptz in the database and whole minutes since 1970 in the program. */
export function minuteToDate(minute: Minute): Date {
  return new Date(minute * 60_000);
}

export function dateToMinute(date: Date): Minute {
  return Math.floor(date.getTime() / 60_000);
}

/** SQL that gives a timestamp column as whole minutes since 1970. */
export function minuteOf(column: string): string {
  return `(extract(epoch FROM ${column}) / 60)::integer`;
}

/** SQL that gives whole minutes since 1970, such as those of a parameter, as a timestamp. */
export function timeOf(minutes: string): string {
  return `to_timestamp(${minutes}::bigint * 60)`;
}
