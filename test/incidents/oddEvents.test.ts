import { describe, expect, test } from '@jest/globals';
import { decodeRisLiveMessage } from '../../src/bgp/risLive.js';
import { UpdateBatch, UpdateBatchBuilder } from '../../src/bgp/updateBatch.js';
import { MinuteAggregator } from '../../src/features/minuteAggregator.js';
import type { MinuteEvidence } from '../../src/features/row.js';
import { correlated, gapMinute, quietMinute, story } from './minutes.js';

type Claim = MinuteEvidence['newOrigins'][number];

const claim = (prefix: string, origin: number, previousOrigins: number[]): Claim => ({
  prefix,
  origin,
  previousOrigins,
  peers: 6,
  path: [64_300, origin],
});

function claims(minute: number, newOrigins: Claim[]) {
  const quiet = quietMinute(minute);
  return { ...quiet, evidence: { ...quiet.evidence!, newOrigins } };
}

describe('odd route events', () => {
  test('two of one network in one minute are one incident, with both prefixes', () => {
    const both = claims(1100, [claim('198.51.100.0/24', 666, [500]), claim('203.0.113.0/24', 666, [501])]);
    const { incidents } = correlated(story(200, [both]));
    expect(incidents.map(({ subject }) => subject)).toEqual(['AS666']);
    const named = incidents[0]!.culprits.prefixes.map(({ name }) => name).sort();
    expect(named).toEqual(['198.51.100.0/24', '203.0.113.0/24']);
  });

  test('one whose holder is unknown opens nothing', () => {
    expect(correlated(story(200, [claims(1100, [claim('198.51.100.0/24', 666, [])])])).incidents).toEqual([]);
  });

  test('a holder that hijacks another is named as hijacker of its own incident only', () => {
    const chain = claims(1100, [claim('198.51.100.0/24', 666, [777]), claim('203.0.113.0/24', 777, [501])]);
    const { incidents } = correlated(story(200, [chain]));
    expect(incidents.map(({ subject }) => subject).sort()).toEqual(['AS666', 'AS777']);
    for (const { subject, culprits, detail } of incidents) {
      expect(culprits.origins.map(({ name }) => name)).toEqual([subject]);
      expect(detail.evidence.newOrigins).toHaveLength(1);
    }
  });

  test('a gap in the middle leaves the incident open, and counts as nothing known', () => {
    const first = claims(1100, [claim('198.51.100.0/24', 666, [500])]);
    const gap = Array.from({ length: 20 }, (_, at) => gapMinute(1103 + at));
    const again = claims(1160, [claim('203.0.113.0/24', 666, [501])]);
    const { incidents } = correlated(story(300, [first, ...gap, again]));
    expect(incidents).toHaveLength(1);
    expect(incidents[0]).toMatchObject({ subject: 'AS666', startedAt: 1100, lastMinute: 1160 });
    expect(incidents[0]!.detail.evidence.gapMinutes).toBe(20);
  });

  test('whose routes go back, and whose return models flag some minutes later, are one incident', () => {
    const taken = claims(1100, [claim('198.51.100.0/24', 666, [500])]);
    const quiet = quietMinute(1130);
    const back = {
      ...quiet,
      evidence: { ...quiet.evidence!, ended: [{ prefix: '198.51.100.0/24', origin: 666, peers: 6, held: 6 }] },
    };
    const flagged = { ...quietMinute(1132), score: 3, anomalous: true };
    const six = [0, 1, 2, 3, 4, 5].map((more) => ({ ...flagged, minute: 1132 + more }));
    const { incidents } = correlated(story(200, [taken, back, ...six]));
    expect(incidents).toHaveLength(1);
    expect(incidents[0]).toMatchObject({ subject: 'AS666', class: 'hijack', lastMinute: 1137 });
    expect(incidents[0]!.detail.closedBy).toBe('ended');
    const later = correlated(story(200, [taken, back, { ...flagged, minute: 1140 }])).incidents;
    expect(later.map(({ subject }) => subject)).toEqual(['AS666', '']);
  });

  test('what models flag in the very minute in which its routes appear belongs to it', () => {
    const prefixes = Array.from({ length: 10 }, (_, n) => claim(`198.51.${n}.0/24`, 666, [500 + n]));
    const values = Array.from(quietMinute(1100).values);
    values[2] = 200;
    const loud = { ...claims(1100, prefixes), values, score: 3, anomalous: true };
    expect(correlated(story(200, [loud])).incidents.map(({ subject }) => subject)).toEqual(['AS666']);
    values[2] = 900;
    const storm = { ...claims(1100, prefixes), values, score: 3, anomalous: true };
    expect(correlated(story(200, [storm])).incidents.map(({ subject }) => subject)).toEqual(['AS666', '']);
  });

  test('an AS set in the place of the origin claims nothing, and takes nothing from the holder', () => {
    const base = 1_700_000_040;
    const builder = new UpdateBatchBuilder();
    const announce = (at: number, peer: number, path: (number | number[])[]) => {
      const data = {
        timestamp: base + at,
        peer: `192.0.2.${peer}`,
        peer_asn: String(100 + peer),
        host: 'rrc00',
        type: 'UPDATE',
        path,
        origin: 'igp',
        announcements: [{ next_hop: `192.0.2.${peer}`, prefixes: ['10.0.0.0/16'] }],
      };
      const outcome = decodeRisLiveMessage(JSON.stringify({ type: 'ris_message', data }), builder);
      if (outcome.kind === 'bad') throw new Error(outcome.reason);
    };
    for (const peer of [1, 2, 3]) announce(peer, peer, [100 + peer, 200, 300]);
    for (const peer of [1, 2, 3]) announce(130 + peer, peer, [100 + peer, 200, [666, 667]]);
    for (const peer of [1, 2, 3]) announce(250 + peer, peer, [100 + peer, 200, 999]);
    const aggregator = new MinuteAggregator({ stream: 's', warmUpMinutes: 1 });
    aggregator.add(UpdateBatch.decode(builder.finish()));
    aggregator.advance((base + 330) * 1000);
    const rows = aggregator.take();
    expect(rows[2]!.evidence.newOrigins).toEqual([]);
    expect(rows[4]!.evidence.newOrigins).toMatchObject([{ origin: 999, previousOrigins: [300] }]);
  });
});
