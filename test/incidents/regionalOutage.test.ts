import { expect, test } from '@jest/globals';
import type { NetworkLoss } from '../../src/features/row.js';
import { correlate, freshState } from '../../src/incidents/correlator.js';
import { fallTogether, outagesOf } from '../../src/incidents/networkOutages.js';
import { contextOf } from './minutes.js';
import { firstMinute, playedRows, scriptedInputs } from './scriptedIncidents.js';

test('the outage of a region is one incident that names the transits, and not one for each of them', () => {
  for (const seed of [2, 3, 4]) {
    const region = { class: 'outage', startMinute: firstMinute, durationMinutes: 30, magnitude: 0.8 } as const;
    const { rows, truth } = playedRows(seed, [region], firstMinute + 60);
    const { incidents } = correlate(freshState('rrc00'), scriptedInputs(rows, truth, null), contextOf());
    expect({ seed, found: incidents.map(({ class: name, subject }) => `${name} ${subject}`) }).toEqual({
      seed,
      found: ['outage '],
    });
    const words = incidents[0]!.reasons.map((reason) => reason.words).join('; ');
    expect(words).toMatch(/transits among them: AS\d+ with \d+ networks behind it, AS\d+/);
  }
});

const MINUTE = 1000;
const lost = (origin: number, prefixes: number, since: number, via: number[] = []): NetworkLoss => ({
  origin,
  since,
  prefixes,
  left: 0,
  peers: 8,
  sample: ['198.51.100.0/24'],
  facts: { knownFor: 1000, degree: 2, carries: 0 },
  via: via.map((network) => ({ network, prefixes })),
});
const together = (losses: NetworkLoss[]) =>
  fallTogether(outagesOf(losses, MINUTE, 8), 300).map(({ network }) => network);

test('outages that fall in the same minutes are one where chance does not make as many', () => {
  const three = [lost(65001, 12, MINUTE - 6), lost(65002, 12, MINUTE - 6), lost(65003, 3, MINUTE - 5)];
  expect(together(three)).toEqual([65001, 65002, 65003]);
  expect(together(three.slice(0, 2))).toEqual([]);
  expect(together([...three.slice(0, 2), lost(65003, 3, MINUTE - 12)])).toEqual([]);
});

test('what nearly all lies behind a transit is the outage of that transit', () => {
  const behind = [65002, 65003, 65004].map((origin) => lost(origin, 12, MINUTE - 6, [65001]));
  const others = [lost(65010, 1, MINUTE - 6), lost(65011, 1, MINUTE - 6)];
  expect(together([lost(65001, 12, MINUTE - 6), ...behind, ...others])).toEqual([]);
});
