import { describe, expect, test } from '@jest/globals';
import { difference, joined, proposalOf, watchText } from '../../src/incidents/watch/proposal.js';

const OURS = 64510;
const route = (prefix: string, origin = OURS, hops = [64496, 65000, origin]) => ({ prefix, origin, hops });
const seen = [route('198.51.100.0/24'), route('10.20.0.0/16'), route('2001:db8:40::/44')];

describe('the proposed declaration', () => {
  test('holds what is announced, without what is to be left out', () => {
    const { prefixes } = proposalOf([OURS], seen, undefined, { exclude: ['10.0.0.0/8'] });
    expect(prefixes).toEqual([{ prefix: '198.51.100.0/24' }, { prefix: '2001:db8:40::/44' }]);
  });

  test('has parts that others announce with their origins, when they are asked for', () => {
    const parts = [
      route('10.20.30.0/24', 64700),
      route('10.20.30.0/24', 64701),
      route('10.21.0.0/24', 64702),
      route('2001:db8:4f::/48', 64703),
    ];
    const { prefixes } = proposalOf([OURS], seen, undefined, { parts });
    expect(prefixes).toEqual([
      { prefix: '10.20.0.0/16' },
      { prefix: '10.20.30.0/24', origins: [64700, 64701] },
      { prefix: '198.51.100.0/24' },
      { prefix: '2001:db8:40::/44' },
      { prefix: '2001:db8:4f::/48', origins: [64703] },
    ]);
    expect(proposalOf([OURS], seen, undefined).prefixes).toHaveLength(3);
  });

  test('has neighbours on both sides, when they are asked for, and the difference has no empty lines', () => {
    const proposal = proposalOf([OURS], seen.slice(0, 1), undefined, { upstreams: true, downstreams: [64801, 64800] });
    expect(proposal).toMatchObject({ upstreams: [65000], downstreams: [64800, 64801] });
    expect(difference(watchText({}), watchText(joined({}, proposal)))).toEqual([
      '+     "asNumbers": [64510],',
      '+     "upstreams": [65000],',
      '+     "downstreams": [64800,64801],',
      '+     "prefixes": [',
      '+       {"prefix":"198.51.100.0/24"}',
      '+     ]',
    ]);
  });
});
