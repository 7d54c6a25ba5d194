import { describe, expect, test } from '@jest/globals';
import { victimsOf } from '../../src/dashboard/victims.js';
import { watchSettings } from '../../src/incidents/watch/settings.js';
import { announced, OURS, PEERS, type Said, STRANGER, watched, withdrawn } from './routes.js';

const V6 = '2001:db8:40::/48';
const V4 = '198.51.100.0/24';
const WATCH = { asNumbers: [OURS], prefixes: [V4, V6] };
const TABLE = [...announced(5, V4, OURS), ...announced(5, V6, OURS)];

const first = (incident: { reasons: { words: string }[] } | undefined) => incident?.reasons[0]?.words;
const kinds = (messages: Said[], watch: Record<string, unknown> = WATCH, until = 400) =>
  watched([...TABLE, ...messages], { watch, until }).incidents.map((one) => [one.class, one.severity, one.endedAt]);

describe.each([V4, V6])('%s', (prefix) => {
  test('withdrawn by all and announced by a stranger is a hijack, and back at its holder both have ended', () => {
    const taken = [...withdrawn(60, prefix), ...announced(200, prefix, STRANGER)];
    expect(kinds(taken)).toMatchObject([
      ['outage', 'critical', expect.anything()],
      ['hijack', 'critical', null],
    ]);
    const { incidents } = watched([...TABLE, ...taken, ...announced(400, prefix, OURS)], { watch: WATCH, until: 600 });
    expect(incidents.map(({ endedAt }) => endedAt === null)).toEqual([false, false]);
  });

  test('a hijack that ends and begins anew is a second incident', () => {
    const again = [60, 400].flatMap((at) => [...announced(at, prefix, STRANGER), ...announced(at + 100, prefix, OURS)]);
    const { changes } = watched([...TABLE, ...again], { watch: WATCH, until: 700 });
    expect(changes.map(({ type }) => type)).toEqual(['opened', 'closed', 'opened', 'closed']);
  });

  test('what is over is described as at its height, however few peers were the last', () => {
    const back = PEERS.flatMap((_, n) => announced(200 + 40 * n, prefix, OURS, [PEERS[n]!]));
    const messages = [...announced(60, prefix, STRANGER), ...back];
    const { incidents } = watched([...TABLE, ...messages], { watch: WATCH, until: 900, batch: 1 });
    expect(incidents[0]!.reasons.map(({ words }) => words).slice(0, 2)).toEqual([
      expect.stringMatching(/is as declared again/),
      expect.stringMatching(/announced by AS64666, seen by 6 of 6 peers$/),
    ]);
  });

  test('two strangers at once are an incident each', () => {
    const both = [...announced(60, prefix, STRANGER, [1, 2]), ...announced(61, prefix, 64667, [3, 4])];
    const { incidents } = watched([...TABLE, ...both], { watch: WATCH, until: 80 });
    expect(incidents.map(({ subject }) => subject).sort()).toEqual(['AS64666 new origin', 'AS64667 new origin']);
  });

  test('only an upstream that is declared may pass it on, whoever may originate it', () => {
    const watch = { ...WATCH, origins: [64620], upstreams: [65000] };
    expect(kinds(announced(60, prefix, 64620, PEERS, [65000]), watch)).toEqual([]);
    expect(kinds(announced(60, prefix, 64620, PEERS, [65009]), watch)).toEqual([['hijack', 'major', null]]);
  });
});

test('a declared prefix is compared in the form of routes, however it was written', () => {
  const watch = { asNumbers: [OURS], prefixes: ['2001:DB8:40:0::/48'] };
  const { incidents, watcher } = watched(announced(60, V6, STRANGER), { watch, until: 80 });
  expect(incidents[0]!.detail.watched).toMatchObject([{ kind: 'new origin', watched: V6 }]);
  expect(watcher.summary().map(({ prefix }) => prefix)).toEqual([V6]);
});

test.each([
  ['192.0.2.1/24', /has bits behind its length; did you mean 192\.0\.2\.0\/24\?/],
  ['2001:db8::1/48', /did you mean 2001:db8::\/48\?/],
  ['192.0.2.0/33', /expected a prefix such as/],
  ['2001:db8::/129', /expected a prefix such as/],
  ['192.0.2.0', /expected a prefix such as/],
])('%s is refused with what is wrong', (prefix, why) => {
  for (const given of [prefix, { prefix }]) {
    const { error } = watchSettings.safeParse({ prefixes: [given] });
    expect(error?.issues.map(({ message }) => message)).toEqual([expect.stringMatching(why)]);
  }
});

test('a part of a declared part is judged by the nearest declaration', () => {
  const watch = {
    asNumbers: [OURS],
    prefixes: ['10.20.0.0/16', { prefix: '10.20.30.0/24', origins: [64700], group: 'Customer X' }],
  };
  const customer = announced(60, '10.20.30.128/25', 64700);
  expect(watched(customer, { watch, until: 80 }).incidents).toEqual([]);
  const ours = watched(announced(60, '10.20.30.128/25', OURS), { watch, until: 80 }).incidents;
  expect(first(ours[0])).toMatch(/^your 10\.20\.30\.128\/25 inside your 10\.20\.30\.0\/24 \(Customer X\)/);
  expect(watched(announced(60, '10.20.31.0/24', 64700), { watch, until: 80 }).incidents).toHaveLength(1);
});

test('several origins that are declared, as of anycast, alert in no order of theirs', () => {
  const watch = { asNumbers: [], prefixes: [{ prefix: V4, origins: [OURS, 64700, 64701] }] };
  const messages = [
    ...announced(60, V4, 64700, [1, 2]),
    ...announced(61, V4, 64701, [3, 4]),
    ...announced(90, V4, OURS, [1]),
  ];
  expect(watched(messages, { watch, until: 200 }).incidents).toEqual([]);
  expect(watched([...messages, ...announced(95, V4, STRANGER, [6])], { watch, until: 200 }).incidents).toHaveLength(1);
});

test('a part that another announced, withdrew and announced again stands until it is withdrawn', () => {
  const part = '2001:db8:40:8000::/49';
  const flapping = [...announced(60, part, STRANGER), ...withdrawn(70, part), ...announced(80, part, STRANGER)];
  expect(kinds(flapping)).toEqual([['hijack', 'critical', null]]);
  expect(kinds([...flapping, ...withdrawn(100, part)])).toEqual([['hijack', 'critical', expect.any(Number)]]);
});

test('a peer without a path is the origin, and may be one that is allowed', () => {
  const empty: Said = { at: 60, peer: 2, announce: [V6], path: [] };
  expect(kinds([empty])).toEqual([['hijack', 'critical', null]]);
  expect(kinds([empty], { ...WATCH, origins: [64497] })).toEqual([]);
});

test('each route of ours is kept with its holders and its RPKI state', () => {
  const vrps = [{ prefix: V4, asn: OURS, maxLength: 24 }];
  const messages = [
    ...announced(5, '10.5.0.0/16', 65015),
    ...TABLE,
    ...announced(60, V4, STRANGER, [1]),
    ...announced(61, '10.5.0.0/16', OURS, [1]),
    ...announced(62, V6, OURS, [1], [65009]),
  ];
  const { incidents } = watched(messages, { watch: { ...WATCH, upstreams: [65000] }, vrps, until: 90 });
  const routes = incidents.flatMap(({ detail }) => detail.watched);
  expect(routes.map(({ kind, holders, rpki }) => [kind, holders, rpki])).toEqual([
    ['new origin', [OURS], 'invalid'],
    ['takes foreign', [65015], 'not found'],
    ['new upstream', undefined, undefined],
  ]);
  // who stands beside it in its paths does not announce it
  const rows = (index: number) =>
    victimsOf({
      class: incidents[index]!.class,
      subject: incidents[index]!.subject,
      culprits: incidents[index]!.culprits,
      evidence: incidents[index]!.detail.evidence,
      watched: incidents[index]!.detail.watched,
      minutes: [],
      nameOf: () => undefined,
    }).rows.map(({ prefix, holders, by, rpki, mine }) => [prefix, holders[0]?.asNumber, by?.asNumber, rpki, mine]);
  expect(rows(0)).toEqual([[V4, OURS, STRANGER, 'invalid', true]]);
  expect(rows(1)).toEqual([['10.5.0.0/16', 65015, OURS, 'not found', true]]);
  expect(rows(2)[0]).toEqual([V6, undefined, undefined, null, true]);
});

describe('what is left out', () => {
  const alerts = (entry: Record<string, unknown>, messages: Said[]) => {
    const watch = { asNumbers: [OURS], prefixes: ['198.51.0.0/16', { prefix: V4, ...entry }, V6] };
    return watched([...TABLE, ...messages], { watch, until: 400 }).incidents.map(({ subject }) => subject);
  };
  const taken = [...announced(60, V4, STRANGER), ...announced(61, '198.51.100.128/25', 64667)];

  test('`ignore` leaves out a prefix and its parts, and nothing else', () => {
    expect(alerts({}, taken)).toHaveLength(2);
    expect(alerts({ ignore: true }, taken)).toEqual([]);
    expect(alerts({ ignore: true }, [...taken, ...announced(62, '198.51.99.0/24', 64668)])).toEqual([
      'AS64668 new origin',
    ]);
  });

  test('`ignoreParts` leaves out its parts alone', () => {
    expect(alerts({ ignoreParts: true }, taken)).toEqual(['AS64666 new origin']);
  });

  test('`except` leaves out what it names alone', () => {
    const lost = withdrawn(100, V4);
    expect(alerts({ except: ['withdrawn'] }, lost)).toEqual([]);
    expect(alerts({ except: ['withdrawn'] }, taken)).toHaveLength(2);
    expect(alerts({ except: ['new origin', 'more specific'] }, [...taken, ...lost])).toEqual(['AS64510 withdrawn']);
  });
});

test('an empty list of neighbours says that there may be none: a stub passes on nobody', () => {
  const leak: Said = { at: 60, peer: 2, announce: ['10.9.0.0/16'], path: [64497, 65000, OURS, 64800, 65019] };
  expect(watched([...TABLE, leak], { watch: WATCH, until: 80 }).incidents).toEqual([]);
  const { incidents } = watched([...TABLE, leak], {
    watch: { ...WATCH, downstreams: [], asGroups: { AS64510: 'Backbone' } },
    until: 80,
  });
  expect(first(incidents[0])).toMatch(/your AS64510 has AS64800 as downstream/);
  expect(incidents[0]!.detail.watched).toMatchObject([{ group: 'Backbone' }]);
});

test('one of several path rules that is broken is named by its description', () => {
  const path = [{ matches: ' 65000 ' }, { excludes: ' 64777 ', description: 'detected scrubbing centre' }];
  const watch = { asNumbers: [OURS], prefixes: [{ prefix: V4, path }] };
  const message: Said = { at: 60, peer: 2, announce: [V4], path: [64497, 64777, 65000, OURS] };
  const { incidents } = watched([message], { watch, until: 80 });
  expect(first(incidents[0])).toMatch(/matches " 64777 " \(detected scrubbing centre\), seen by 1 of 1 peers/);
});

test('ours that a stranger took and withdrew is lost, once nobody has it', () => {
  const taken = [...announced(60, V6, STRANGER), ...withdrawn(120, V6)];
  expect(kinds(taken)).toEqual([
    ['hijack', 'critical', expect.any(Number)],
    ['outage', 'critical', null],
  ]);
  expect(kinds([...taken, ...announced(130, V6, OURS)])).toEqual([['hijack', 'critical', expect.any(Number)]]);
});
