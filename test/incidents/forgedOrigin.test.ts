import { describe, expect, test } from '@jest/globals';
import { incidentAlert } from '../../src/incidents/alerts/incidentAlert.js';
import { withNetwork } from '../../src/incidents/subject.js';
import { Feed } from './feed.js';
import { contextOf, correlated } from './minutes.js';

describe('a network that puts the holder behind itself', () => {
  test('and never carried anybody is a hijacker, of the prefix and of a part of it', () => {
    const inputs = new Feed()
      .announce(500, 8, 201, [6300, 4200], ['10.12.0.0/16'])
      .announce(560, 8, 200, [5200, 4700], ['10.17.128.0/17'])
      .inputs(600);
    const { incidents } = correlated(inputs);
    expect(incidents.map(({ subject, class: name, severity }) => [subject, name, severity])).toEqual([
      ['AS6300', 'hijack', 'major'],
      ['AS5200', 'hijack', 'major'],
    ]);
    const [whole, part] = incidents.map(({ reasons }) => reasons.map(({ words }) => words).join('\n'));
    expect(whole).toContain('10.12.0.0/16 of AS4200 is announced by AS6300, which puts AS4200 behind itself');
    expect(whole).toContain('AS6300 was never seen to pass on routes of others');
    expect(part).toContain('10.17.128.0/17 of AS4700');
  });

  test('and is a provider of many is its new provider', () => {
    const inputs = new Feed().announce(500, 8, 200, [201, 4200], ['10.12.0.0/16']).inputs(560);
    expect(correlated(inputs).incidents).toEqual([]);
  });

  test('with all that it has is behind a new provider', () => {
    const prefixes = [10, 11, 12].map((first) => `${first}.12.0.0/16`);
    expect(correlated(new Feed().announce(500, 8, 201, [6300, 4200], prefixes).inputs(560)).incidents).toEqual([]);
  });

  test('of a prefix that has just come up takes nothing', () => {
    const inputs = new Feed()
      .announce(480, 12, 200, [4200], ['172.16.0.0/16'])
      .announce(500, 8, 201, [6300, 4200], ['172.16.0.0/16'])
      .inputs(560);
    expect(correlated(inputs).incidents).toEqual([]);
  });
});

describe('with only our AS numbers declared, a new neighbour of ours', () => {
  const ours = (asNumber: number) => contextOf({}, { asNumbers: [asNumber] });

  test('that is a provider of many is minor, an incident of ours, and the first thing that it says', () => {
    const inputs = new Feed().announce(500, 8, 200, [201, 4200], ['10.12.0.0/16']).inputs(560);
    const { incidents } = correlated(inputs, ours(4200));
    expect(incidents.map(({ subject, severity }) => [subject, severity])).toEqual([['AS4200 new neighbours', 'minor']]);
    expect(incidents[0]!.reasons[0]!.words).toContain('AS201 is a new neighbour of your AS4200');
  });

  test('and others close to it in time are one incident, which is named for what it is', () => {
    const inputs = new Feed()
      .announce(500, 8, 200, [201, 4200], ['10.12.0.0/16'])
      .announce(600, 8, 101, [4200], ['11.12.0.0/16'])
      .announce(900, 8, 200, [201, 4400], ['10.14.0.0/16'])
      .inputs(1_100);
    const { incidents, changes } = correlated(inputs, contextOf({}, { asNumbers: [4200, 4400] }));
    expect(incidents.map(({ subject, startedAt, endedAt }) => [subject, (endedAt ?? 0) - startedAt])).toEqual([
      ['AS4200 new neighbours', 104],
      ['AS4400 new neighbours', 4],
    ]);
    expect(incidents.map(({ severity }) => severity)).toEqual(['minor', 'minor']);
    expect(incidents[0]!.reasons[0]!.words).toBe('your AS4200 has 2 new neighbours: AS201, AS101');
    expect(incidents[0]!.culprits.origins.map(({ name }) => name)).toEqual(['AS201', 'AS101']);
    const titles = changes.filter(({ type }) => type !== 'closed').map((change) => incidentAlert(change).title);
    expect(titles).toEqual([
      'your AS4200 has a new neighbour on rrc00',
      'your AS4200 has 2 new neighbours on rrc00',
      'your AS4400 has a new neighbour on rrc00',
    ]);
    expect(withNetwork('unknown', 'unknown', incidents[0]!.subject)).toBe('new neighbours of AS4200');
  });

  test('that looks as if it forged our origin is major, in one incident', () => {
    const inputs = new Feed().announce(500, 8, 201, [6300, 4200], ['10.12.0.0/16']).inputs(560);
    const watch = ours(4200);
    const watching = inputs.map((input) => ({ ...input, evidence: watch.watchList.withoutOurs(input.evidence!) }));
    const { incidents } = correlated(watching, watch);
    expect(incidents.map(({ subject, class: name, severity }) => [subject, name, severity])).toEqual([
      ['AS6300', 'hijack', 'major'],
    ]);
    expect(incidents[0]!.detail.watched).toMatchObject([{ kind: 'new neighbour', watched: 'AS4200' }]);
  });
});
