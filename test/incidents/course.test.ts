import { expect, test } from '@jest/globals';
import { closingOf, endingWords } from '../../src/incidents/ending.js';
import type { Incident } from '../../src/incidents/incident.js';
import { Feed } from './feed.js';
import { correlated } from './minutes.js';

const HOLDER = 3560;
const TAKER = 5400;
const BLOCK = '20.8.0.0/16';
const PART = '20.8.9.0/24';
/** Minutes of the half day before, and the minute in which it happens. */
const BEGINS = 800;
/** A minute closes half a minute late, so what ends in the first seconds of the next one is known by then. */
const EARLY = 1;

/** Two networks behind different carriers, with prefixes of their own. */
function world(): Feed {
  return new Feed()
    .announce(0, 12, 200, [3491, TAKER], ['58.27.0.0/16', '59.71.0.0/16', '60.82.0.0/16'])
    .announce(0, 12, 201, [3549, HOLDER], [BLOCK, '21.15.0.0/16', '22.117.0.0/16']);
}

function found(feed: Feed, minutes: number, restart?: number) {
  const inputs = feed.inputs(BEGINS + minutes, restart);
  const { incidents } = correlated(inputs);
  const after = (minute: number | null) => (minute === null ? null : minute - inputs[0]!.minute - BEGINS);
  return incidents.map((incident) => ({
    subject: incident.subject,
    class: incident.class,
    from: after(incident.startedAt),
    until: after(incident.endedAt),
    last: after(incident.lastMinute),
    closedBy: incident.detail.closedBy,
    words: incident.endedAt === null ? '' : endingWords(closingOf(incident as Incident)),
  }));
}

const taken = () => world().announce(BEGINS, 12, 200, [3491, TAKER], [PART]);

test('a hijack that stands for hours is open until its routes are withdrawn', () => {
  const [open] = found(taken(), 150);
  expect(open).toMatchObject({ subject: `AS${TAKER}`, class: 'hijack', from: 0, until: null });
  expect(found(taken().withdraw(BEGINS + 150, 12, [PART]), 170)).toEqual([
    {
      subject: `AS${TAKER}`,
      class: 'hijack',
      from: 0,
      until: 151 - EARLY,
      last: open!.last,
      closedBy: 'ended',
      words: 'Its routes were withdrawn',
    },
  ]);
});

test('one that stays is closed three hours after its last news, and the words say who has it still', () => {
  const [hijack] = found(taken(), 240);
  expect(hijack).toMatchObject({ closedBy: 'quiet', last: 3 });
  expect(hijack!.words).toBe(
    `Closed after 181 minutes without news, as it was: ${PART} of AS${TAKER} is still seen by 12 of 12 peers`,
  );
  // it was last looked at within the hour before
  expect(hijack!.until).toBeGreaterThan(130);
  expect(found(taken(), 240, BEGINS + 100)).toEqual([hijack]);
});

test('of a whole prefix the words say that it went back, and count those that have a route to it', () => {
  const feed = () => world().announce(BEGINS, 8, 200, [3491, TAKER], [BLOCK]);
  const [stays] = found(feed(), 240);
  expect(stays!.words).toContain(`${BLOCK} of AS${TAKER} is still seen by 8 of the 12 peers that have a route to it`);
  const [back] = found(feed().announce(BEGINS + 100, 8, 201, [3549, HOLDER], [BLOCK]), 120);
  expect(back).toMatchObject({ until: 101 - EARLY, closedBy: 'ended', words: 'Its routes went back to their holder' });
});

test.each([undefined, BEGINS + 50])(
  'a leak ends when its routes lead past the network again (restart: %s)',
  (restart) => {
    const leaker = 2600;
    const leaked = Array.from({ length: 20 }, (_, n) => 2 * n + 1);
    const through = (minute: number, feed: Feed, hops: (n: number) => number[]) => {
      for (const n of leaked)
        feed.announce(
          minute,
          12,
          hops(n)[0]!,
          hops(n).slice(1),
          [10, 11, 12].map((a) => `${a}.${n}.0.0/16`),
        );
      return feed;
    };
    const feed = world()
      .announce(0, 12, 200, [leaker], ['172.20.0.0/16'])
      .announce(1, 12, 201, [leaker], ['172.21.0.0/16']);
    through(BEGINS, feed, (n) => [200, leaker, 201, 3000 + 100 * n]);
    through(BEGINS + 100, feed, (n) => [201, 3000 + 100 * n]);
    const [leak, ...others] = found(feed, 130, restart);
    expect(others).toEqual([]);
    expect(leak).toMatchObject({
      subject: `AS${leaker}`,
      class: 'leak',
      from: 0,
      until: 101 - EARLY,
      closedBy: 'ended',
    });
  },
);

test('an outage of many networks at once ends when most of what they lost is back', () => {
  const lost = Array.from({ length: 12 }, (_, n) => [10, 11, 12].map((first) => `${first}.${n + 5}.0.0/16`)).flat();
  const feed = () => world().withdraw(BEGINS, 12, lost);
  const [open] = found(feed(), 100);
  expect(open).toMatchObject({ subject: '', class: 'outage', from: 0, until: null });
  const returned = feed();
  for (let n = 5; n < 17; n++)
    returned.announce(
      BEGINS + 90,
      12,
      200 + (n % 2),
      [3000 + 100 * n],
      [10, 11, 12].map((first) => `${first}.${n}.0.0/16`),
    );
  expect(found(returned, 110)).toMatchObject([
    { until: 91 - EARLY, closedBy: 'ended', words: 'What was lost is back' },
  ]);
  expect(found(feed(), 240)[0]!.words).toBe(
    'Closed after 181 minutes without news, as it was: 36 of 36 prefixes are gone still',
  );
});
