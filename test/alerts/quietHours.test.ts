import { expect, test } from '@jest/globals';
import type { Alert } from '../../src/incidents/alerts/alert.js';
import { heldUntil } from '../../src/incidents/alerts/quietHours.js';

const alert: Alert = {
  id: 1,
  fingerprint: 'feed stale/x',
  kind: 'feed stale',
  severity: 'major',
  title: 'x',
  body: { lines: [], revision: 1, times: 1 },
  raisedAt: new Date(0),
  resolvedAt: null,
  delivered: {},
};

/** zone, from, until, now in UTC, end in UTC or null. The dates are those of the zones' rules in 2026. */
test.each([
  // Berlin, ordinary winter night: UTC+1.
  ['Europe/Berlin', '22:00', '07:00', '2026-01-10T21:00Z', '2026-01-11T06:00Z'],
  ['Europe/Berlin', '22:00', '07:00', '2026-01-10T20:59Z', null],
  ['Europe/Berlin', '22:00', '07:00', '2026-01-11T06:00Z', null],
  // 29 March: 02:00 becomes 03:00; the night is an hour shorter.
  ['Europe/Berlin', '22:00', '07:00', '2026-03-28T21:00Z', '2026-03-29T05:00Z'],
  ['Europe/Berlin', '22:00', '07:00', '2026-03-29T04:59Z', '2026-03-29T05:00Z'],
  ['Europe/Berlin', '22:00', '07:00', '2026-03-29T05:00Z', null],
  // An end that the clock skips is the moment of the skip.
  ['Europe/Berlin', '22:00', '02:30', '2026-03-29T00:30Z', '2026-03-29T01:00Z'],
  ['Europe/Berlin', '22:00', '02:30', '2026-03-29T01:00Z', null],
  ['Europe/Berlin', '02:30', '05:00', '2026-03-29T00:59Z', null],
  ['Europe/Berlin', '02:30', '05:00', '2026-03-29T01:00Z', '2026-03-29T03:00Z'],
  // 25 October: 03:00 becomes 02:00; the night is an hour longer.
  ['Europe/Berlin', '22:00', '07:00', '2026-10-24T20:00Z', '2026-10-25T06:00Z'],
  ['Europe/Berlin', '22:00', '07:00', '2026-10-25T05:30Z', '2026-10-25T06:00Z'],
  // An end that the clock shows twice is meant the first time, and the quiet hours do not begin again.
  ['Europe/Berlin', '22:00', '02:30', '2026-10-25T00:15Z', '2026-10-25T00:30Z'],
  ['Europe/Berlin', '22:00', '02:30', '2026-10-25T00:30Z', null],
  ['Europe/Berlin', '22:00', '02:30', '2026-10-25T01:15Z', null],
  // New York: 8 March and 1 November, at 02:00.
  ['America/New_York', '23:00', '06:00', '2026-03-08T04:00Z', '2026-03-08T10:00Z'],
  ['America/New_York', '23:00', '06:00', '2026-03-08T10:00Z', null],
  ['America/New_York', '23:00', '06:00', '2026-11-01T03:00Z', '2026-11-01T11:00Z'],
  ['America/New_York', '23:00', '06:00', '2026-11-01T10:59Z', '2026-11-01T11:00Z'],
  ['America/New_York', '23:00', '01:30', '2026-11-01T05:29Z', '2026-11-01T05:30Z'],
  ['America/New_York', '23:00', '01:30', '2026-11-01T06:15Z', null],
  ['America/New_York', '23:00', '02:30', '2026-03-08T06:59Z', '2026-03-08T07:00Z'],
  // By day, on one day; and half an hour of summer time.
  ['America/New_York', '12:00', '13:00', '2026-07-01T16:30Z', '2026-07-01T17:00Z'],
  ['Australia/Lord_Howe', '22:00', '07:00', '2026-04-04T12:00Z', '2026-04-04T20:30Z'],
])('%s, %s to %s, at %s: held until %s', (timeZone, from, until, now, end) => {
  const held = heldUntil(alert, { from, until, timeZone, allow: 'critical' }, new Date(now));
  expect(held?.toISOString() ?? null).toBe(end === null ? null : new Date(end).toISOString());
});
