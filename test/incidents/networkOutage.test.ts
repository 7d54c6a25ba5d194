import { describe, expect, test } from '@jest/globals';
import { QuietPeers } from '../../src/features/quietPeers.js';
import type { NetworkLoss, NewTransit } from '../../src/features/row.js';
import { correlate, freshState } from '../../src/incidents/correlator.js';
import type { MinuteInput } from '../../src/incidents/minuteInput.js';
import { Feed } from './feed.js';
import { contextOf, correlated, quietMinute } from './minutes.js';

const PREFIXES = Array.from({ length: 12 }, (_, n) => `172.16.${n}.0/24`);

/** Twelve peers, which all speak in each minute until 100, then eight of them alone. */
function feedOfTalkers(): Feed {
  const feed = new Feed().announce(0, 12, 200, [7700], PREFIXES);
  for (let minute = 1; minute < 160; minute++)
    feed.announce(minute, minute < 100 ? 12 : 8, 201, [3100], ['10.1.0.0/16']);
  return feed;
}

const lossesAt = (inputs: readonly MinuteInput[], minute: number): NetworkLoss[] =>
  inputs[minute]!.evidence!.losses ?? [];

describe('a network that is gone', () => {
  test('from all peers that still speak is an outage, whatever silent peers said last', () => {
    const { incidents } = correlated(feedOfTalkers().withdraw(140, 8, PREFIXES).inputs(160));
    expect(incidents.map(({ subject, class: name }) => [subject, name])).toEqual([['AS7700', 'outage']]);
    expect(incidents[0]!.reasons[0]!.words).toContain('AS7700 is gone: 12 prefixes withdrawn, none left');
  });

  test('begins in the minute of its first withdrawals, though it is believed when it lasts', () => {
    const inputs = feedOfTalkers().withdraw(140, 8, PREFIXES).inputs(160);
    const [outage] = correlated(inputs).incidents;
    expect(outage!.startedAt).toBe(inputs[140]!.minute);
    expect(outage!.detail.foundAt).toBe(inputs[145]!.minute);
  });

  test('and back for a minute begins where the incident before has ended, at the earliest', () => {
    const feed = feedOfTalkers().withdraw(120, 8, PREFIXES).announce(132, 8, 200, [7700], PREFIXES);
    const { incidents } = correlated(feed.withdraw(134, 8, PREFIXES).inputs(160));
    const [first, second] = incidents;
    expect(incidents.map(({ subject }) => subject)).toEqual(['AS7700', 'AS7700']);
    expect(second!.startedAt).toBeGreaterThanOrEqual(first!.endedAt!);
  });

  test('from two thirds of the peers is none while the others merely have no news', () => {
    const feed = new Feed().announce(0, 12, 200, [7700], PREFIXES);
    expect(correlated(feed.withdraw(140, 8, PREFIXES).inputs(160)).incidents).toEqual([]);
  });

  test('for the second time says how often it was gone before, also after a restart', () => {
    const feed = feedOfTalkers().withdraw(80, 12, PREFIXES).announce(90, 12, 200, [7700], PREFIXES);
    const inputs = feed.withdraw(140, 8, PREFIXES).inputs(160, 120);
    const told = inputs.flatMap(({ evidence }) => evidence?.losses ?? []).filter(({ prefixes }) => prefixes > 0);
    expect(told.filter(({ since }) => since < inputs[120]!.minute).map(({ earlier }) => earlier)).not.toContain(1);
    expect(told.at(-1)).toMatchObject({ origin: 7700, earlier: 1 });
    const [again] = correlated(inputs).incidents.slice(-1);
    expect(again!.reasons.map(({ words }) => words)).toContain('it was gone 1 time before within a day');
  });

  test('over all its lines says how many there were, also after a restart', () => {
    const feed = feedOfTalkers().announce(90, 6, 201, [7700], PREFIXES);
    const rows = feed.withdraw(140, 8, PREFIXES).inputs(160, 140);
    expect(lossesAt(rows, 141)).toMatchObject([{ origin: 7700, prefixes: 12, left: 0, lines: 2 }]);
    const single = feedOfTalkers().withdraw(140, 8, PREFIXES).inputs(160);
    expect(lossesAt(single, 141)).toMatchObject([{ origin: 7700, prefixes: 12 }]);
    expect(lossesAt(single, 141)[0]).not.toHaveProperty('lines');
    // one prefix over another line, or one peer's stray path, is no line of the network
    const stray = feedOfTalkers().announce(90, 6, 201, [7700], PREFIXES.slice(0, 1));
    expect(lossesAt(stray.withdraw(140, 8, PREFIXES).inputs(160), 141)[0]).not.toHaveProperty('lines');
  });

  test('in parts that its own block still covers has lost nothing until the block goes', () => {
    const block = ['172.16.0.0/16'];
    const feed = () => feedOfTalkers().announce(20, 12, 200, [7700], block).withdraw(140, 8, PREFIXES);
    expect(correlated(feed().inputs(160)).incidents).toEqual([]);
    expect(
      feed()
        .inputs(160)
        .flatMap(({ evidence }) => evidence?.losses ?? []),
    ).toEqual([]);
    const later = feed().withdraw(145, 8, block).inputs(160, 142);
    expect(lossesAt(later, 143)).toEqual([]);
    expect(lossesAt(later, 145)).toMatchObject([{ origin: 7700, prefixes: 13, left: 0 }]);
    // a minute closes half a minute late, and sees the block withdrawn by then
    expect(lossesAt(later, 145)[0]!.since).toBe(later[144]!.minute);
    expect(correlated(later).incidents.map(({ subject, class: name }) => [subject, name])).toEqual([
      ['AS7700', 'outage'],
    ]);
  });

  test('of which a part was gone for long is a new loss, with the peers and lines of its own', () => {
    const all = Array.from({ length: 30 }, (_, n) => `172.17.${n}.0/24`);
    const feed = new Feed().announce(0, 12, 200, [7700], all).withdraw(80, 12, all.slice(0, 20));
    feed.announce(90, 12, 200, [7700], all.slice(0, 10));
    for (let minute = 1; minute < 160; minute++) feed.announce(minute, 12, 201, [3100], ['10.1.0.0/16']);
    const rows = feed.withdraw(140, 11, all).inputs(160);
    expect(lossesAt(rows, 81)).toMatchObject([{ since: rows[80]!.minute, prefixes: 20, left: 10, peers: 12 }]);
    expect(lossesAt(rows, 141)).toMatchObject([{ since: rows[140]!.minute, prefixes: 30, left: 0, peers: 11 }]);
  });

  test('in parts of a block that another network holds is an outage', () => {
    const feed = feedOfTalkers().announce(20, 12, 200, [7800], ['172.16.0.0/16']).withdraw(140, 8, PREFIXES);
    expect(correlated(feed.inputs(160)).incidents.map(({ subject }) => subject)).toEqual(['AS7700']);
  });

  test('while the whole feed is away is none: nobody falls silent then', () => {
    const quiet = new QuietPeers();
    for (let minute = 0; minute < 100; minute++) quiet.hear([1, 2, 3]);
    for (let minute = 0; minute < 60; minute++) quiet.hear([]);
    quiet.hear([1]);
    expect(quiet.now()).toEqual([]);
    const again = new QuietPeers();
    again.restore(quiet.toJson());
    for (let minute = 0; minute < 20; minute++) again.hear([1]);
    expect(again.now()).toEqual([2, 3]);
  });
});

describe('in a large table the outage of a small network', () => {
  const BEGAN = 1100;
  const loss = (prefixes: number, left: number, peers: number, earlier?: number): NetworkLoss => ({
    origin: 64500,
    since: BEGAN,
    prefixes,
    left,
    peers,
    sample: ['198.51.100.0/24'],
    facts: { knownFor: 1000, degree: 2, carries: 0 },
    via: [],
    ...(earlier === undefined ? {} : { earlier }),
  });
  /** Prefixes lost at each minute from the first on. */
  const severities = (
    lost: number[],
    of: number,
    how: {
      peers?: number[];
      earlier?: number;
      lately?: number;
      behind?: number;
      sameBehind?: boolean;
      lines?: number;
      held?: number;
    } = {},
  ) => {
    const context = contextOf();
    const own = (now: number, of: number, minute: number) => ({
      ...loss(now, of - now, how.peers?.[minute - BEGAN] ?? 6, how.earlier),
      ...(how.lines === undefined ? {} : { lines: how.lines }),
      ...(how.held === undefined ? {} : { held: how.held }),
      ...(how.lately === undefined ? {} : { lately: how.lately }),
    });
    const behind = (now: number, of: number, minute: number) =>
      Array.from({ length: how.behind ?? 0 }, (_, n) => ({
        ...own(now, of, minute),
        origin: how.sameBehind ? 65000 : 65000 + n,
        since: how.sameBehind ? BEGAN + (n % 2) : BEGAN,
        via: [{ network: 64500, prefixes: now }],
      }));
    let state = freshState('rrc00');
    const seen: string[] = [];
    for (let minute = 1000; minute < BEGAN + lost.length; minute++) {
      const input = quietMinute(minute);
      const now = lost[minute - BEGAN];
      const evidence = {
        ...input.evidence!,
        known: 240_000,
        ...(now === undefined ? {} : { losses: [own(now, of, minute), ...behind(now, of, minute)] }),
      };
      const { state: next, changes } = correlate(state, [{ ...input, evidence }], context);
      state = next;
      for (const { incident } of changes) seen.push(`${minute - BEGAN} ${incident.severity}`);
    }
    return seen;
  };

  test('is minor, and major when most of it is gone still after ten minutes', () => {
    expect(severities(Array(14).fill(40), 40)).toEqual(['5 minor', '10 major']);
  });

  test('that is back in part stays minor', () => {
    expect(severities([...Array(8).fill(40), ...Array(6).fill(20)], 40)).toEqual(['5 minor']);
  });

  test('is an outage where three quarters of it are gone, and none where half of it is', () => {
    expect(severities(Array(14).fill(60), 80)).toEqual(['5 minor', '10 major']);
    expect(severities(Array(14).fill(40), 80)).toEqual([]);
  });

  test('of 20 prefixes is major where nothing at all is left, as every peer says', () => {
    expect(severities(Array(14).fill(20), 20)).toEqual(['5 minor', '10 major']);
    expect(severities(Array(14).fill(20), 22)).toEqual(['5 minor']);
    expect(severities(Array(14).fill(10), 10)).toEqual(['5 minor', '10 major']);
  });

  test('is one where half of the peers knew it, major where most did, and none where fewer did', () => {
    expect(severities(Array(14).fill(40), 40, { peers: Array(14).fill(4) })).toEqual(['5 minor', '10 major']);
    expect(severities(Array(14).fill(40), 40, { peers: Array(14).fill(3) })).toEqual(['5 minor']);
    expect(severities(Array(14).fill(40), 40, { peers: Array(14).fill(2) })).toEqual([]);
  });

  test('with three behind it is major at once from 30 prefixes on, and one that a third of the peers knew', () => {
    const few = { behind: 3, peers: Array(14).fill(2) };
    expect(severities(Array(14).fill(8), 8, few)).toEqual(['5 major']);
    expect(severities(Array(14).fill(7), 7, few)).toEqual([]);
    expect(severities(Array(14).fill(40), 40, { ...few, behind: 1 })).toEqual([]);
    const half = { behind: 3, peers: Array(14).fill(3) };
    expect(severities(Array(14).fill(7), 7, half)).toEqual(['5 minor', '10 major']);
    // one network that is lost and back again and again is not several
    expect(severities(Array(14).fill(8), 8, { ...half, sameBehind: true })).not.toContain('1 major');
  });

  test('of which nothing is left, and with three behind, is one in the minute after', () => {
    expect(severities(Array(14).fill(8), 8, { behind: 3 })).toEqual(['1 major']);
    expect(severities(Array(14).fill(8), 9, { behind: 3 })).toEqual(['5 major']);
    // below 30 prefixes such a loss is back within ten minutes too often
    expect(severities(Array(14).fill(7), 7, { behind: 3 })).toEqual(['5 minor', '10 major']);
    expect(severities(Array(4).fill(12), 12, { behind: 1 })).toEqual([]);
  });

  test('that was reached over two lines, of which next to nothing is left, is major after three minutes', () => {
    const half = Array(14).fill(3);
    expect(severities(Array(14).fill(10), 10, { lines: 2 })).toEqual(['3 major']);
    expect(severities(Array(14).fill(10), 10, { lines: 2, peers: half })).toEqual(['3 major']);
    expect(severities(Array(14).fill(10), 10, { lines: 2, peers: Array(14).fill(2) })).toEqual([]);
    expect(severities(Array(14).fill(20), 21, { lines: 2, earlier: 12 })).toEqual(['3 major']);
    expect(severities(Array(14).fill(20), 22, { lines: 2, peers: half })).toEqual(['5 minor']);
    expect(severities([10, 10, 10], 10, { lines: 2 })).toEqual([]);
    // one line after the other, and a part of it found a way for a while
    expect(severities([15, 15, 15, ...Array(11).fill(20)], 20, { lines: 2, peers: half })).toEqual(['3 minor']);
  });

  test('that the last peers lose only minutes later is out of their sight, not gone', () => {
    const slow = [3, 3, 4, 5, ...Array(10).fill(6)];
    expect(severities(Array(14).fill(20), 20, { peers: slow })).toEqual(['5 minor']);
  });

  test('that was gone and back before flaps, and stays minor', () => {
    expect(severities(Array(14).fill(40), 40, { earlier: 1 })).toEqual(['5 minor', '10 major']);
    expect(severities(Array(14).fill(40), 40, { earlier: 2 })).toEqual(['5 minor']);
    expect(severities(Array(14).fill(110), 110, { earlier: 9 })).toEqual(['5 major']);
    expect(severities(Array(14).fill(110), 110, { earlier: 10 })).toEqual(['5 minor']);
  });

  test('is major where half of the peers had told of it before, however many withdrew it', () => {
    const half = { peers: Array(14).fill(3) };
    expect(severities(Array(14).fill(20), 20, { ...half, held: 3 })).toEqual(['5 minor', '10 major']);
    expect(severities(Array(14).fill(20), 20, { held: 2 })).toEqual(['5 minor']);
    expect(severities(Array(14).fill(20), 21, { ...half, held: 3 })).toEqual(['5 minor', '10 major']);
    expect(severities(Array(14).fill(20), 22, { ...half, held: 3 })).toEqual(['5 minor']);
    expect(severities(Array(14).fill(20), 20, { lines: 2, held: 2 })).toEqual(['3 minor']);
    expect(severities(Array(14).fill(110), 110, { held: 2 })).toEqual(['5 major']);
  });

  test('flaps when it was gone within six hours, not when it was gone earlier that day', () => {
    expect(severities(Array(14).fill(40), 40, { held: 6, earlier: 3 })).toEqual(['5 minor', '10 major']);
    expect(severities(Array(14).fill(40), 40, { held: 6, earlier: 3, lately: 1 })).toEqual(['5 minor']);
  });

  test('of a network that carried something new just before is over when its prefixes are back', () => {
    const network = { knownFor: 1000, degree: 2, carries: 1 };
    const transit: NewTransit = {
      carrier: 64500,
      from: 64501,
      to: 64502,
      routes: 3,
      prefixes: 1,
      origins: 1,
      peers: 3,
      reverse: false,
      shared: 0,
      alike: 0,
      near: 0,
      linkFor: 0,
      sample: ['198.51.100.0/24'],
      carrierFacts: network,
      fromFacts: network,
      toFacts: network,
    };
    const inputs = Array.from({ length: 60 }, (_, n) => quietMinute(BEGAN - 40 + n)).map((input) => {
      const lost = input.minute >= BEGAN + 12 ? 0 : 40;
      const evidence = {
        ...input.evidence!,
        known: 240_000,
        ...(input.minute === BEGAN - 3 ? { transits: [transit] } : {}),
        ...(input.minute >= BEGAN && input.minute <= BEGAN + 12 ? { losses: [loss(lost, 40 - lost, 6)] } : {}),
      };
      return { ...input, evidence };
    });
    const { incidents } = correlated(inputs);
    expect(incidents.map(({ subject, detail }) => [subject, detail.closedBy])).toEqual([['AS64500', 'ended']]);
  });

  test('of a hundred prefixes is major at once, and no more even where nothing is left', () => {
    expect(severities(Array(8).fill(100), 110)).toEqual(['5 major']);
    expect(severities(Array(8).fill(100), 100)).toEqual(['5 major']);
  });
});
