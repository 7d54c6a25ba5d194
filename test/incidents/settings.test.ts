import { describe, expect, test } from '@jest/globals';
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
