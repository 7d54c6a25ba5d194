import { describe, expect, test } from '@jest/globals';
import { announced, BASE, OURS, PEERS, type Said, STRANGER, watched, withdrawn } from './routes.js';

const WATCH = { asNumbers: [OURS], prefixes: ['198.51.100.0/24', '2001:db8:40::/44'] };
const TABLE = announced(5, '198.51.100.0/24', OURS);

const words = (incident: { reasons: { words: string }[] } | undefined) =>
  incident?.reasons.map((one) => one.words).join('; ');

describe('a hijack of a declared prefix', () => {
  test('is told in the very first message of a feed, for a prefix that it never named', () => {
    const { changes, incidents } = watched(announced(1, '198.51.100.0/24', STRANGER, [3]), { watch: WATCH, until: 4 });
    expect(changes).toMatchObject([{ type: 'opened', minute: BASE / 60 }]);
    expect(incidents).toMatchObject([{ class: 'hijack', severity: 'critical', startedAt: BASE / 60, endedAt: null }]);
    expect(words(incidents[0])).toMatch(/^your 198.51.100.0\/24 is announced by AS64666, seen by 1 of 1 peers/);
  });

  test('is told for a part of it, IPv4 and IPv6, and both are one incident of the announcing network', () => {
    const messages = [
      ...TABLE,
      ...announced(60, '198.51.100.128/25', STRANGER, [1, 2]),
      ...announced(70, '2001:db8:4f:1::/64', STRANGER, [1, 2]),
    ];
    const { changes, incidents } = watched(messages, { watch: WATCH, until: 80 });
    expect(changes.map(({ type }) => type)).toEqual(['opened', 'grown']);
    expect(incidents).toHaveLength(1);
    expect(incidents[0]!.detail.watched.map(({ prefix }) => prefix)).toEqual([
      '198.51.100.128/25',
      '2001:db8:4f:1::/64',
    ]);
  });

  test('of several prefixes leads with the one that most peers saw, and their number, also when it is over', () => {
    const messages = [
      ...TABLE,
      ...announced(60, '198.51.100.128/25', STRANGER, [1]),
      ...announced(70, '2001:db8:4f:1::/64', STRANGER, [1, 2, 3]),
    ];
    const lead = /^your 2001:db8:4f:1::\/64 .* is announced by AS64666, seen by 3 of \d peers; 2 prefixes in all; /;
    expect(words(watched(messages, { watch: WATCH, until: 80 }).incidents[0])).toMatch(lead);
    const gone = [1, 2, 3].flatMap((peer) => [
      { at: 100, peer, withdraw: ['198.51.100.128/25', '2001:db8:4f:1::/64'] },
    ]);
    const over = watched([...messages, ...gone], { watch: WATCH, until: 400 }).incidents[0];
    expect(over?.endedAt).not.toBeNull();
    const [, summary, ...rest] = over!.reasons.map((one) => one.words);
    expect(`${summary}; `).toMatch(lead);
    expect(rest.some((text) => text.includes('in all'))).toBe(false);
  });

  test('stands for as long as its routes do, with no word of it for two days, and ends when they go back', () => {
    const standing = [...TABLE, ...announced(100, '198.51.100.0/24', STRANGER)];
    const quiet: Said[] = Array.from({ length: 2880 }, (_, n) => ({
      at: 200 + n * 60,
      peer: 1,
      announce: ['10.0.0.0/8'],
    }));
    const during = watched([...standing, ...quiet], { watch: WATCH, until: 172_900 });
    expect(during.incidents).toMatchObject([{ endedAt: null }]);
    const back = announced(173_000, '198.51.100.0/24', OURS);
    const after = watched([...standing, ...quiet, ...back], { watch: WATCH, until: 173_100 });
    expect(after.changes.map(({ type }) => type)).toEqual(['opened', 'closed']);
    expect(after.incidents[0]!.detail.closedBy).toBe('ended');
    expect(words(after.incidents[0])).toMatch(/as declared again: now announced by AS64510 to 6 peers/);
  });

  test('ends as "no more news" when the sessions that announced it are gone', () => {
    const messages: Said[] = [
      ...TABLE,
      ...announced(100, '198.51.100.0/24', STRANGER, [2]),
      { at: 200, peer: 2, state: 'down' },
    ];
    const { incidents } = watched(messages, { watch: WATCH, until: 300 });
    expect(incidents[0]!.detail.closedBy).toBe('quiet');
    expect(words(incidents[0])).toMatch(/^no more news of 198.51.100.0\/24/);
  });

  test('names all of ours, however many are taken at once', () => {
    const prefixes = Array.from({ length: 300 }, (_, n) => `100.${64 + (n >> 8)}.${n & 255}.0/24`);
    const messages = prefixes.flatMap((prefix) => announced(60, prefix, STRANGER, [1, 2]));
    const { incidents } = watched(messages, { watch: { asNumbers: [OURS], prefixes }, until: 70 });
    expect(incidents).toHaveLength(1);
    expect(incidents[0]!.detail.watched).toHaveLength(300);
  });

  test('in the first seconds after a gap is told, and what was known before the gap still counts', () => {
    const { watcher } = watched([...TABLE], { watch: WATCH, until: 20 });
    watcher.take({ kind: 'gap', sinceMs: (BASE + 20) * 1000, untilMs: (BASE + 4000) * 1000, payload: null });
    const again = watched(announced(4001, '198.51.100.0/24', STRANGER, [1]), {
      watch: WATCH,
      until: 4003,
      from: watcher,
    });
    expect(again.changes).toMatchObject([{ type: 'opened', minute: (BASE + 4001 - ((BASE + 4001) % 60)) / 60 }]);
    expect(words(again.incidents[0])).toMatch(/seen by 1 of 6 peers/);
  });

  test('by a peer with an empty path has the peer as its origin', () => {
    const { incidents } = watched([...TABLE, { at: 60, peer: 2, announce: ['198.51.100.0/24'], path: [] }], {
      watch: WATCH,
      until: 70,
    });
    expect(words(incidents[0])).toMatch(/announced by AS64497/);
  });

  test('by an AS set counts when any member may not announce it, and is major when another may', () => {
    const set = (members: number[]): Said => ({
      at: 60,
      peer: 2,
      announce: ['198.51.100.0/24'],
      path: [64497, 65000, members],
    });
    const shared = watched([...TABLE, set([OURS, STRANGER])], { watch: WATCH, until: 70 }).incidents;
    expect(shared).toMatchObject([{ class: 'hijack', severity: 'major' }]);
    expect(words(shared[0])).toMatch(/announced by AS64666, in an AS set with AS64510, seen by 1 of 6 peers/);
    const strange = watched([...TABLE, set([STRANGER, 64667])], { watch: WATCH, until: 70 }).incidents;
    expect(strange).toMatchObject([{ severity: 'critical' }]);
    const origins = [STRANGER];
    expect(watched([...TABLE, set([OURS, STRANGER])], { watch: { ...WATCH, origins }, until: 70 }).incidents).toEqual(
      [],
    );
  });

  test('is found the same however the log is cut, and after a restart at any point', () => {
    const messages = [
      ...TABLE,
      ...announced(100, '198.51.100.0/24', STRANGER),
      ...announced(200, '198.51.100.0/24', OURS),
      ...withdrawn(400, '198.51.100.0/24'),
    ];
    const whole = watched(messages, { watch: WATCH, until: 600, batch: 1000 });
    const cut = watched(messages, { watch: WATCH, until: 600, batch: 1, restart: true });
    expect(cut.changes).toEqual(whole.changes);
    expect(whole.changes.map(({ type }) => type)).toEqual(['opened', 'closed', 'opened']);
  });
});

describe('what is allowed', () => {
  test('never alerts: allowed origins, exact and for parts, whatever a ROA says of others', () => {
    const watch = { ...WATCH, origins: [64620] };
    const vrps = [{ prefix: '198.51.100.0/24', asn: 64511, maxLength: 24 }];
    const messages = [
      ...TABLE,
      ...announced(60, '198.51.100.0/24', 64620),
      ...announced(90, '198.51.100.128/25', 64620),
    ];
    expect(watched(messages, { watch, vrps, until: 300 }).incidents).toEqual([]);
  });

  test('is said for one prefix alone where it is declared so', () => {
    const watch = {
      asNumbers: [OURS],
      prefixes: ['198.51.100.0/24', { prefix: '203.0.113.0/24', origins: ['AS64700'], group: 'Customer X' }],
    };
    const messages = [...announced(5, '203.0.113.0/24', 64700), ...announced(60, '203.0.113.0/24', OURS, [1])];
    const { incidents } = watched(messages, { watch, until: 70 });
    expect(words(incidents[0])).toMatch(/^your 203.0.113.0\/24 \(Customer X\) is announced by AS64510/);
  });

  test('and announced longer than declared is told as that', () => {
    const watch = { asNumbers: [OURS], prefixes: [{ prefix: '198.51.100.0/24', maximumLength: 24 }] };
    const { incidents } = watched(announced(60, '198.51.100.0/25', OURS), { watch, until: 70 });
    expect(incidents).toMatchObject([{ severity: 'major' }]);
    expect(words(incidents[0])).toMatch(/longer than the declared \/24/);
  });
});

describe('our own AS', () => {
  test('that takes the prefix of somebody else, or announces one that is not declared, says that it is ours', () => {
    const messages = [
      ...announced(5, '10.5.0.0/16', 65015),
      ...announced(60, '10.5.0.0/16', OURS, [1, 2]),
      ...announced(90, '198.18.0.0/24', OURS),
    ];
    const { incidents } = watched(messages, { watch: WATCH, until: 100 });
    expect(incidents.map((one) => [one.class, one.severity, words(one)!.split(';')[0]])).toEqual([
      ['hijack', 'critical', 'your AS64510 announces 10.5.0.0/16, which AS65015 holds'],
      ['unknown', 'major', 'your AS64510 announces 198.18.0.0/24, which is not declared as yours'],
    ]);
  });

  test('that announces a part in answer to a hijack of the block, which it does not declare, takes nothing from anybody', () => {
    const taken = announced(5, '10.5.0.0/23', STRANGER, [1, 2]);
    const back = announced(30, '10.5.0.0/23', OURS);
    const answered = [...taken, ...back, ...announced(3700, '10.5.0.0/24', OURS)];
    const { incidents } = watched(answered, { watch: WATCH, until: 3800 });
    expect(incidents.map((one) => [one.class, one.severity, words(one)!.split(';')[0]])).toEqual([
      ['unknown', 'major', 'your AS64510 announces 10.5.0.0/23, which is not declared as yours'],
    ]);
    expect(incidents[0]!.detail.watched.map(({ prefix }) => prefix)).toEqual(['10.5.0.0/23', '10.5.0.0/24']);

    // who has it still at another peer, or had it for an hour, holds it
    const held = [...taken, ...announced(30, '10.5.0.0/23', OURS, [1])];
    const settled = [...taken, ...announced(3700, '10.5.0.0/23', OURS)];
    for (const messages of [held, settled])
      expect(watched(messages, { watch: WATCH, until: 3800 }).incidents).toMatchObject([
        { class: 'hijack', severity: 'critical' },
      ]);
  });

  test('with no prefixes declared: what it announces is ours, and a takeover of it is told', () => {
    const watch = { asNumbers: [OURS] };
    const messages = [...announced(5, '10.5.0.0/16', OURS), ...announced(60, '10.5.9.0/24', STRANGER)];
    const { incidents } = watched(messages, { watch, until: 70 });
    expect(incidents).toHaveLength(1);
    expect(words(incidents[0])).toMatch(/^your 10.5.9.0\/24 inside your 10.5.0.0\/16 is announced by AS64666/);
  });

  test('with no prefixes declared: whom the feed named first has it only after an hour', () => {
    const watch = { asNumbers: [OURS] };
    const first = announced(5, '10.5.0.0/16', STRANGER, [1, 2]);
    const soon = [
      ...first,
      ...announced(20, '10.5.0.0/16', OURS, [3, 4]),
      ...announced(60, '10.5.0.0/16', STRANGER, [1]),
    ];
    const takeover = watched(soon, { watch, until: 70 }).incidents;
    expect(takeover.map(words)).toEqual([expect.stringMatching(/^your 10.5.0.0\/16 is announced by AS64666/)]);
    const late = [...first, ...announced(3700, '10.5.0.0/16', OURS, [3, 4])];
    const ours = watched(late, { watch, until: 3710 }).incidents;
    expect(ours.map(words)).toEqual([
      expect.stringMatching(/^your AS64510 announces 10.5.0.0\/16, which AS64666 holds/),
    ]);
  });
});

describe('visibility', () => {
  test('lost by most peers for long enough is told with numbers, and so is its return', () => {
    const lost = [...TABLE, ...withdrawn(60, '198.51.100.0/24', PEERS.slice(0, 5))];
    const during = watched(lost, { watch: WATCH, until: 180 });
    expect(during.incidents).toMatchObject([{ class: 'outage', severity: 'critical', endedAt: null }]);
    expect(words(during.incidents[0])).toMatch(/is losing visibility: 5 of 6 peers withdrew it/);
    const after = watched([...lost, ...announced(240, '198.51.100.0/24', OURS)], { watch: WATCH, until: 400 });
    expect(after.changes.map(({ type }) => type)).toEqual(['opened', 'closed']);
    expect(words(after.incidents[0])).toMatch(/^your 198.51.100.0\/24 is back: 6 of 6 peers have it/);
  });

  test('that flaps, or is lost with the sessions themselves, is not told', () => {
    const flaps = [60, 120, 180].flatMap((at) => [
      ...withdrawn(at, '198.51.100.0/24'),
      ...announced(at + 20, '198.51.100.0/24', OURS),
    ]);
    expect(watched([...TABLE, ...flaps], { watch: WATCH, until: 600 }).incidents).toEqual([]);
    const downs = PEERS.map((peer): Said => ({ at: 60 + peer, peer, state: 'down' }));
    expect(watched([...TABLE, ...downs], { watch: WATCH, until: 600 }).incidents).toEqual([]);
  });

  test("a stranger's part that is withdrawn is no loss of ours", () => {
    const messages = [
      ...TABLE,
      ...announced(60, '198.51.100.128/25', STRANGER),
      ...withdrawn(120, '198.51.100.128/25'),
    ];
    const { incidents } = watched(messages, { watch: WATCH, until: 400 });
    expect(incidents.map((one) => [one.class, one.detail.closedBy])).toEqual([['hijack', 'ended']]);
    expect(words(incidents[0])).toMatch(/it was withdrawn/);
  });
});

describe('path rules', () => {
  const broken = (prefix: Record<string, unknown>, path: number[], rest = {}) => {
    const watch = { asNumbers: [OURS], prefixes: [{ prefix: '198.51.100.0/24', ...prefix }], ...rest };
    const message: Said = { at: 60, peer: 2, announce: ['198.51.100.0/24'], path };
    return words(watched([...TABLE, message], { watch, until: 70 }).incidents[0]);
  };

  test('an unexpected upstream is told, with a forged origin too', () => {
    expect(broken({ upstreams: [65000] }, [64497, STRANGER, OURS])).toMatch(/has AS64666 as upstream, seen by 1 of 6/);
    expect(broken({ upstreams: [65000] }, [64497, 65000, OURS, OURS])).toBeUndefined();
    expect(broken({}, [64497, STRANGER, OURS], { upstreams: [65000] })).toMatch(/has AS64666 as upstream/);
  });

  test('an unexpected downstream is told, for our prefixes and for those of others that run through us', () => {
    const customer = { prefix: '203.0.113.0/24', origins: [64700], downstreams: [64700] };
    const through: Said = { at: 60, peer: 2, announce: ['203.0.113.0/24'], path: [64497, OURS, 64701, 64700] };
    const ours = watched([through], { watch: { asNumbers: [OURS], prefixes: [customer] }, until: 70 });
    expect(words(ours.incidents[0])).toMatch(/has AS64701 as downstream/);
    const leak: Said = { at: 60, peer: 2, announce: ['10.9.0.0/16'], path: [64497, 65000, OURS, 64800, 65019] };
    const { incidents } = watched([...TABLE, leak], { watch: { ...WATCH, downstreams: [64700] }, until: 70 });
    expect(words(incidents[0])).toMatch(/your AS64510 has AS64800 as downstream in paths to 10.9.0.0\/16/);
  });

  test('expressions, lengths and prepending', () => {
    expect(broken({ path: { excludes: ' 64777 ' } }, [64497, 64777, OURS])).toMatch(/matches " 64777 "/);
    expect(broken({ path: { matches: ' 65000 64510$' } }, [64497, 64777, OURS])).toMatch(/does not match/);
    expect(broken({ path: { maximumLength: 3 } }, [64497, 1, 2, OURS])).toMatch(/has 4 networks, more than 3/);
    expect(broken({ path: { minimumLength: 3 } }, [64497, OURS])).toMatch(/has 2 networks, fewer than 3/);
    expect(broken({ path: { maximumPrepends: 1 } }, [64497, 65000, OURS, OURS, OURS])).toMatch(
      /repeats its origin 2 times/,
    );
    expect(
      broken({ path: { maximumPrepends: 2, maximumLength: 3 } }, [64497, 65000, OURS, OURS, OURS]),
    ).toBeUndefined();
  });
});

test('a declared prefix that nobody announces, and one that is as declared, are listed with what is seen', () => {
  const { watcher } = watched(TABLE, { watch: WATCH, until: 20 });
  expect(watcher.summary()).toMatchObject([
    {
      prefix: '198.51.100.0/24',
      visible: 6,
      peers: 6,
      origins: [{ network: OURS, peers: 6 }],
      upstreams: [{ network: 65000, peers: 6 }],
      findings: [],
    },
    { prefix: '2001:db8:40::/44', visible: 0, peers: 0, findings: [] },
  ]);
});
