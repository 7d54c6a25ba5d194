import { describe, expect, test } from '@jest/globals';
import { settingsSchema } from '../../src/config/settings.js';
import { watchSettings } from '../../src/incidents/watch/settings.js';

describe('watched prefixes', () => {
  const accepted = (prefix: string) => watchSettings.safeParse({ prefixes: [prefix] }).success;

  test.each(['192.0.2.0/24', '0.0.0.0/0', '203.0.113.7/32', '2001:DB8::/32', ' 2001:db8:40::/48 '])(
    '%s is taken',
    (prefix) => {
      expect(accepted(prefix)).toBe(true);
    },
  );

  test.each([
    '192.0.2.0/33',
    '256.0.2.0/24',
    '192.0.2.0',
    '192.0.2/24',
    '2001:db8::/129',
    '2001:db8::1::/64',
    ':::/12',
    'AS64500',
  ])('%s is refused', (prefix) => {
    expect(accepted(prefix)).toBe(false);
  });
});

test('one threshold of a kind can be set alone, and what cannot be meant is refused', () => {
  const { drift, retraining } = settingsSchema.parse({
    drift: { policies: { lstm: { scoreShift: 0.2 } } },
    retraining: { concurrencyByKind: { lstm: 1 } },
  });
  expect(drift.policies.lstm).toMatchObject({ scoreShift: 0.2, anomalyRateChange: 0.2 });
  expect(drift.policies.heuristic).toMatchObject({ scoreShift: null, ruleRateChange: 0.3 });
  expect(retraining.concurrencyByKind).toEqual({ heuristic: 4, isolation_forest: 4, lstm: 1 });
  for (const wrong of [
    { dashboard: { prot: 8787 } },
    { streams: [{ name: 'a' }, { name: 'a' }] },
    { incidents: { size: { hijackPrefixes: { major: 50, critical: 1 } } } },
    { drift: { models: { foo: {} } } },
  ])
    expect(settingsSchema.safeParse(wrong).success).toBe(false);
});
