import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { correlate, freshState } from '../../src/incidents/correlator.js';
import type { Incident, IncidentChange } from '../../src/incidents/incident.js';
import type { MinuteInput } from '../../src/incidents/minuteInput.js';
import { contextOf, correlated, gapMinute, loudMinute, quietMinute, story } from './minutes.js';

const told = (changes: IncidentChange[]) => changes.map(({ type, minute }) => `${type} ${minute}`);

describe('runs of anomalous minutes', () => {
  test('become one incident, with start, end, peak and the models that voted', () => {
    const { changes, incidents, state } = correlated(
      story(200, [loudMinute(1100), loudMinute(1101, {}, 7), loudMinute(1105)]),
    );
    expect(incidents).toHaveLength(1);
    expect(incidents[0]).toMatchObject({
      startedAt: 1100,
      endedAt: 1106,
      peakMinute: 1101,
      peakScore: 7,
      models: ['heuristic'],
    });
    expect(incidents[0]!.detail.explanations.heuristic![0]!.words).toBe('announcements 600, limit 200');
    expect(changes[0]).toMatchObject({ type: 'opened', minute: 1100 });
    expect(changes.at(-1)!.type).toBe('closed');
    expect(state.open).toEqual([]);
  });

  test('ten quiet minutes between are bridged, eleven are not', () => {
    expect(correlated(story(200, [loudMinute(1100), loudMinute(1111)])).incidents).toHaveLength(1);
    expect(correlated(story(200, [loudMinute(1100), loudMinute(1112)])).incidents).toHaveLength(2);
  });

  test('a gap does not end an incident at once, a long one does', () => {
    const gap = (from: number, count: number) => Array.from({ length: count }, (_, index) => gapMinute(from + index));
    const short = correlated(story(300, [loudMinute(1100), ...gap(1101, 50), loudMinute(1151)]));
    expect(short.incidents).toHaveLength(1);
    expect(short.incidents[0]!.detail.evidence.gapMinutes).toBe(50);
    const long = correlated(story(300, [loudMinute(1100), ...gap(1101, 70), loudMinute(1171)]));
    expect(long.incidents).toHaveLength(2);
    expect(long.incidents[0]!.detail.closedBy).toBe('gap');
  });

  test('an endless one is cut, and what goes on at its level opens no other', () => {
    const loud = Array.from({ length: 300 }, (_, index) => loudMinute(1100 + index));
    const { incidents } = correlated(story(450, loud), contextOf({ maximumHours: 2 }));
    expect(incidents.map(({ startedAt, endedAt }) => endedAt! - startedAt)).toEqual([120]);
  });

  test('minutes out of order are refused', () => {
    expect(() => correlated([quietMinute(5), quietMinute(5)])).toThrow(/minutes must rise: 5 after 5/);
  });
});

const someMinute = fc.record({
  step: fc.constantFrom(1, 1, 1, 1, 2, 15),
  sort: fc.constantFrom('quiet', 'quiet', 'quiet', 'loud', 'gap', 'hijack', 'lost', 'reset'),
  size: fc.integer({ min: 1, max: 8 }),
});

function minutesFrom(steps: { step: number; sort: string; size: number }[]): MinuteInput[] {
  let minute = 5000;
  return steps.map(({ step, sort, size }) => {
    minute += step;
    if (sort === 'gap') return gapMinute(minute);
    if (sort === 'loud') return loudMinute(minute, { origins: [{ name: `AS${size}`, count: size }] }, size);
    const quiet = quietMinute(minute);
    if (sort === 'quiet') return quiet;
    const prefix = `198.51.${size}.0/24`;
    const route = {
      prefix,
      origin: 64_500 + size,
      previousOrigins: [64_400],
      peers: size,
      path: [64_300, 64_500 + size],
    };
    const evidence = { ...quiet.evidence! };
    if (sort === 'hijack') evidence.newOrigins = [route];
    if (sort === 'lost') evidence.withdrawn = [{ prefix, peers: size, peersBefore: 6, origin: 64_400 }];
    if (sort === 'reset') evidence.resets = [{ peer: '192.0.2.1', peerAs: 64_300, state: 'down' }];
    return { ...quiet, evidence };
  });
}

test('minutes cut into any batches, with the state through JSON between them, give the same incidents and changes', () => {
  const context = contextOf({ evidence: { warmUpMinutes: 3, outagePrefixes: 1 } }, { prefixes: ['198.51.3.0/24'] });
  fc.assert(
    fc.property(
      fc.array(someMinute, { minLength: 1, maxLength: 120 }),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 20 }),
      (steps, cuts) => {
        const minutes = minutesFrom(steps);
        const whole = correlate(freshState('rrc00'), minutes, context);
        let state = freshState('rrc00');
        const changes: IncidentChange[] = [];
        const incidents = new Map<number, Incident>();
        for (let from = 0, cut = 0; from < minutes.length; cut++) {
          const size = cuts[cut % cuts.length]!;
          const part = correlate(JSON.parse(JSON.stringify(state)), minutes.slice(from, from + size), context);
          for (const incident of part.incidents) incidents.set(incident.startedAt, incident);
          changes.push(...part.changes);
          state = part.state;
          from += size;
        }
        const plain = (value: unknown) => JSON.parse(JSON.stringify(value));
        expect(plain([...incidents.values()])).toEqual(plain(whole.incidents));
        expect(plain(changes)).toEqual(plain(whole.changes));
        expect(plain(state)).toEqual(plain(whole.state));
      },
    ),
    { numRuns: 200 },
  );
});

describe('evidence alone', () => {
  const taken = (minute: number, peers: number) => {
    const quiet = quietMinute(minute);
    const newOrigins = [
      { prefix: '198.51.100.0/24', origin: 64_666, previousOrigins: [64_500], peers, path: [64_300, 64_666] },
    ];
    return { ...quiet, evidence: { ...quiet.evidence!, newOrigins } };
  };

  test('a new origin that half of the peers see opens a hijack without any model', () => {
    const { incidents, changes } = correlated(story(150, [taken(1100, 3)]));
    expect(incidents).toHaveLength(1);
    expect(incidents[0]).toMatchObject({ class: 'hijack', severity: 'major', models: ['evidence'], startedAt: 1100 });
    expect(incidents[0]!.culprits.origins[0]!.name).toBe('AS64666');
    expect(incidents[0]!.reasons.map(({ words }) => words).join('\n')).toContain(
      '198.51.100.0/24 is announced by AS64666, held by AS64500 before, seen by 3 of 6 peers',
    );
    expect(told(changes)[0]).toBe('opened 1100');
  });

  test('one that fewer peers see does not, nor one right after the table was learnt', () => {
    expect(correlated(story(150, [taken(1100, 2)])).incidents).toEqual([]);
    expect(correlated(story(150, [taken(1010, 6)])).incidents).toEqual([]);
    expect(correlated(story(150, [gapMinute(1090), taken(1100, 6)])).incidents).toEqual([]);
  });

  test('a new origin that a ROA allows opens nothing, an invalid one is graver', () => {
    expect(
      correlated(
        story(150, [taken(1100, 6)]),
        contextOf({}, {}, () => 'valid'),
      ).incidents,
    ).toEqual([]);
    const invalid = correlated(
      story(150, [taken(1100, 6)]),
      contextOf({}, {}, () => 'invalid'),
    ).incidents;
    expect(invalid[0]).toMatchObject({ class: 'hijack', severity: 'critical' });
    expect(JSON.stringify(invalid[0]!.reasons)).toContain('RPKI invalid');
  });

  test('every suspicious event of a day opens one, a session that bounces all day only so many', () => {
    const many = Array.from({ length: 10 }, (_, index) => taken(1100 + 80 * index, 6));
    expect(correlated(story(1000, many), contextOf()).incidents).toHaveLength(10);
    // who wants to read fewer alerts asks for more suspicion
    expect(correlated(story(1000, many), contextOf({ evidence: { perDay: 4 } })).incidents).toHaveLength(0);
    const often = Array.from({ length: 10 }, (_, index) => repeating(1100 + 80 * index, 'up'));
    expect(correlated(story(1000, often), contextOf({ evidence: { perDay: 4 } })).incidents).toHaveLength(8);
  });

  test('two hijackers at once are two incidents, each with its own prefixes', () => {
    const first = taken(1100, 6);
    const second = {
      ...first.evidence!.newOrigins[0]!,
      prefix: '203.0.113.0/24',
      origin: 64_999,
      previousOrigins: [64_998],
    };
    const both = { ...first, evidence: { ...first.evidence!, newOrigins: [...first.evidence!.newOrigins, second] } };
    const { incidents } = correlated(story(200, [both]), contextOf());
    expect(incidents.map(({ subject }) => subject).sort()).toEqual(
      [`AS${first.evidence!.newOrigins[0]!.origin}`, 'AS64999'].sort(),
    );
    for (const { subject, class: name, detail } of incidents) {
      expect(name).toBe('hijack');
      expect(detail.evidence.newOrigins.map(({ origin }) => `AS${origin}`)).toEqual([subject]);
    }
  });

  test('what is taken stands for an hour without news, once a model has flagged it no longer than its minutes', () => {
    expect(correlated(story(400, [taken(1100, 6), taken(1160, 6)])).incidents).toHaveLength(1);
    expect(correlated(story(400, [taken(1100, 6), taken(1162, 6)])).incidents).toHaveLength(2);
    expect(correlated(story(400, [taken(1100, 6), loudMinute(1120), taken(1140, 6)])).incidents).toHaveLength(2);
  });

  const losing = (minute: number, prefixes: number, networks: number) => {
    const quiet = quietMinute(minute);
    const withdrawn = Array.from({ length: prefixes }, (_, index) => ({
      prefix: `198.51.${index}.0/24`,
      peers: 6,
      peersBefore: 6,
      origin: 64_500 + (index % networks),
    }));
    return { ...quiet, evidence: { ...quiet.evidence!, withdrawn } };
  };

  test('prefixes of several networks lost together open an outage, as many of one or two do not', () => {
    const { incidents } = correlated(story(200, [losing(1100, 10, 3)]));
    expect(incidents.map(({ class: name, startedAt }) => [name, startedAt])).toEqual([['outage', 1100]]);
    expect(correlated(story(200, [losing(1100, 10, 2)])).incidents).toEqual([]);
    expect(correlated(story(200, [losing(1100, 9, 3)])).incidents).toEqual([]);
    const always = Array.from({ length: 101 }, (_, index) => losing(1000 + index, index === 100 ? 10 : 4, 4));
    expect(correlated(story(200, always)).incidents).toEqual([]);
  });

  const repeating = (minute: number, state: 'up' | 'down' | null) => {
    const quiet = quietMinute(minute);
    const reset = { peer: '192.0.2.1', peerAs: 64_300 };
    const values = Array.from(quiet.values);
    values[2] = 380;
    return {
      ...quiet,
      values,
      evidence: {
        ...quiet.evidence!,
        peers: quiet.evidence!.peers.map((peer) => (peer.name === reset.peer ? { ...peer, count: 310 } : peer)),
        resets: state === null ? [] : [{ ...reset, state, routes: 300 }],
        reannouncing: [{ ...reset, routes: 295, of: 300 }],
      },
    };
  };

  test('a session that came up and repeats its table opens a session reset; a table alone does not', () => {
    const { incidents } = correlated(story(200, [repeating(1100, 'up')]));
    expect(incidents).toHaveLength(1);
    expect(incidents[0]).toMatchObject({ class: 'session reset', severity: 'minor', models: ['evidence'] });
    expect(incidents[0]!.culprits.peers[0]!.name).toBe('192.0.2.1');
    expect(correlated(story(200, [repeating(1100, null)])).incidents).toEqual([]);
    expect(correlated(story(200, [repeating(1100, 'down')])).incidents).toEqual([]);
  });

  test('a watched prefix is critical whoever sees it', () => {
    const { incidents } = correlated(story(150, [taken(1100, 1)]), contextOf({}, { asNumbers: ['AS64500'] }));
    expect(incidents[0]).toMatchObject({ severity: 'critical' });
    expect(incidents[0]!.detail.watched).toMatchObject([{ kind: 'new origin', watched: 'AS64500', peers: 1 }]);
  });

  test('a watched prefix with an origin that a ROA allows is lowered, and says so', () => {
    const { incidents } = correlated(
      story(150, [taken(1100, 6)]),
      contextOf({}, { asNumbers: [64_500] }, () => 'valid'),
    );
    expect(incidents[0]).toMatchObject({ class: 'moas', severity: 'minor' });
    expect(JSON.stringify(incidents[0]!.reasons)).toContain('RPKI valid, which lowers the severity');
  });
});
