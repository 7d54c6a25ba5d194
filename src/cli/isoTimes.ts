/** Fields that hold a minute since 1970 inside the program; in JSON they are times that other programs can read. */
const MINUTES = new Set([
  'startedAt',
  'endedAt',
  'lastMinute',
  'peakMinute',
  'watermark',
  'from_minute',
  'fromMinute',
  'last_check',
  'windowEnd',
  'dataFrom',
  'dataUntil',
  'active_from',
]);

/** The same value with each of these fields as ISO 8601 in UTC, at any depth. Dates stay what they are. */
export function isoTimes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(isoTimes);
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      MINUTES.has(name) && typeof inner === 'number' ? new Date(inner * 60_000).toISOString() : isoTimes(inner),
    ]),
  );
}
