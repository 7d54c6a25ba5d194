import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeRisLiveJson, decodeRisLiveMessage } from '../../src/bgp/risLive.js';
import { rawDisagreement } from '../../src/bgp/risLiveRaw.js';
import { RisLiveScanner } from '../../src/bgp/risLiveScanner.js';
import { UpdateBatch, UpdateBatchBuilder } from '../../src/bgp/updateBatch.js';

const FILE = join(process.cwd(), '../shared/data/rislive/ris-live-stream.json');
const RUNS = Number(process.env.FUZZ_RUNS ?? 3000);

const UPDATE = JSON.stringify({
  type: 'ris_message',
  data: {
    timestamp: 1700000000.25,
    peer: '2001:7f8:4::73ab:1',
    peer_asn: '29611',
    id: '2001:7f8:4::73ab:1-018c',
    host: 'rrc01.ripe.net',
    type: 'UPDATE',
    path: [29611, 3356, 3356, [64500, 4200000001]],
    community: [
      [29611, 1],
      [3356, 22],
    ],
    origin: 'INCOMPLETE',
    med: 100,
    announcements: [
      { next_hop: '2001:7f8:4::73ab:1,fe80::1', prefixes: ['2a00::/16', '2001:db8:1::/48'] },
      { next_hop: '192.0.2.9', prefixes: ['10.1.2.3/8', '0.0.0.0/0', '203.0.113.7/32'] },
    ],
    withdrawals: ['198.51.100.0/24', '2001:db8::/32'],
    raw: 'FFFF0102',
  },
});

function elementsOf(builder: UpdateBatchBuilder): unknown[] {
  const sizes = new UpdateBatch(builder.takeColumns());
  return [...UpdateBatch.decode(sizes.encode()).routeElements(), [...sizes.columns.size]];
}

describe('RIS Live messages', () => {
  test('an update becomes its elements', () => {
    const builder = new UpdateBatchBuilder();
    expect(decodeRisLiveMessage(UPDATE, builder)).toEqual({ kind: 'update', timeMs: 1700000000250 });
    const batch = UpdateBatch.decode(builder.finish());
    const elements = [...batch.routeElements()];
    expect(elements.map((element) => `${element.type} ${element.prefix} ${element.nextHop}`)).toEqual([
      'W 198.51.100.0/24 ',
      'W 2001:db8::/32 ',
      'A 2a00::/16 2001:7f8:4::73ab:1',
      'A 2001:db8:1::/48 2001:7f8:4::73ab:1',
      'A 10.0.0.0/8 192.0.2.9',
      'A 0.0.0.0/0 192.0.2.9',
      'A 203.0.113.7/32 192.0.2.9',
    ]);
    expect(elements[2]).toMatchObject({
      peer: '2001:7f8:4::73ab:1',
      peerAs: 29611,
      path: '29611 3356 3356 {64500,4200000001}',
      origin: 'INCOMPLETE',
    });
    expect(batch.columns.size[0]).toBe(4);
  });

  test('the scanner takes the usual spelling itself', () => {
    const builder = new UpdateBatchBuilder();
    for (const text of [UPDATE, UPDATE.replaceAll(',"', ', "').replaceAll('":', '": ')]) {
      const bytes = new TextEncoder().encode(text);
      expect(RisLiveScanner.open()!.scan(bytes, builder)).toBe(1700000000250);
    }
  });

  test.each([
    ['no JSON', '{"type":"ris_mess'],
    ['no object', '[1]'],
    ['no data', '{"type":"ris_message"}'],
    ['a bad prefix', UPDATE.replace('10.1.2.3/8', '10.1.2.3/33')],
    ['a bad peer', UPDATE.replace('"peer":"2001:7f8:4::73ab:1"', '"peer":"2001:7f8:4:::1"')],
    ['a bad hop', UPDATE.replace('3356,3356', '3356,4294967296')],
    ['a path that ends with a comma', UPDATE.replace('[64500,4200000001]]', ']')],
    ['a plain path that ends with a comma', UPDATE.replace('[29611,3356,3356,[64500,4200000001]]', '[29611,3356,]')],
    ['a path of commas', UPDATE.replace('[29611,3356,3356,[64500,4200000001]]', '[,]')],
    ['a hop with a leading zero', UPDATE.replace('3356,3356', '3356,03356')],
    ['a hop of eleven digits', UPDATE.replace('3356,3356', '3356,10000000000')],
    ['a community that ends with a comma', UPDATE.replace('[29611,1]', '[29611,]')],
    ['a community that does not end', UPDATE.replace('[3356,22]]', '[3356,22')],
    ['a bad origin', UPDATE.replace('INCOMPLETE', 'PARTLY')],
    ['a time out of the world', UPDATE.replace('1700000000.25', '17e12')],
    ['announcements that are no list', UPDATE.replace('"announcements":[', '"announcements":3,"x":[')],
  ])('refuses %s and keeps the builder as it was', (_, text) => {
    const builder = new UpdateBatchBuilder();
    decodeRisLiveMessage(UPDATE, builder);
    const outcome = decodeRisLiveMessage(text, builder);
    expect(outcome.kind).toBe('bad');
    expect(outcome.reason).toBeTruthy();
    expect(builder.messages).toBe(1);
    expect([...UpdateBatch.decode(builder.finish()).routeElements()]).toHaveLength(7);
  });

  test('tells the other kinds apart', () => {
    const builder = new UpdateBatchBuilder();
    const kinds = [
      '{"type":"ris_error","data":{"message":"too many subscriptions"}}',
      '{"type":"pong","data":null}',
      '{"type":"ris_subscribe_ok","data":{}}',
      '{"type":"ris_message","data":{"timestamp":1700000000,"peer":"192.0.2.1","peer_asn":"1","type":"KEEPALIVE"}}',
      '{"type":"ris_message","data":{"timestamp":1700000000,"peer":"192.0.2.1","peer_asn":"1","type":"OPEN"}}',
      '{"type":"ris_message","data":{"timestamp":1700000000,"peer":"192.0.2.1","peer_asn":"1","type":"NEW"}}',
    ].map((text) => decodeRisLiveMessage(text, builder).kind);
    expect(kinds).toEqual(['error', 'pong', 'other', 'keepalive', 'other', 'other']);
    expect(builder.messages).toBe(0);
  });

  const message = (data: object) =>
    JSON.stringify({
      type: 'ris_message',
      data: { timestamp: 1700000000, peer: '192.0.2.1', peer_asn: '64500', ...data },
    });

  test.each(['STATE', 'RIS_PEER_STATE'])('session changes of type %s', (type) => {
    const builder = new UpdateBatchBuilder();
    for (const state of ['connected', 'down']) {
      expect(decodeRisLiveMessage(message({ type, state }), builder)).toEqual({ kind: 'state', timeMs: 1700000000000 });
    }
    const elements = [...UpdateBatch.decode(builder.finish()).routeElements()];
    expect(elements).toMatchObject([
      { type: 'STATE', newState: 6 },
      { type: 'STATE', oldState: 6, newState: 1 },
    ]);
  });

  test('types that are not known are named', () => {
    const builder = new UpdateBatchBuilder();
    const names = [message({ type: 'NEW' }), '{"type":"ris_news"}', message({ type: 7 })].map(
      (text) => decodeRisLiveMessage(text, builder).unknownType,
    );
    expect(names).toEqual(['NEW', 'ris_news', '7']);
  });

  test.each([[[64500, 0]], [[0]], [[64500, [3356, 0]]], [[64500, '0']]])(
    'a path %j that names AS 0: what is announced counts as withdrawn (RFC 7607)',
    (path) => {
      const builder = new UpdateBatchBuilder();
      const announcements = [{ next_hop: '192.0.2.1', prefixes: ['10.0.0.0/8', '2001:db8::/32'] }];
      const text = message({ type: 'UPDATE', path, origin: 'IGP', announcements });
      const outcome = decodeRisLiveMessage(text, builder);
      expect(outcome).toMatchObject({ kind: 'update', treatedAsWithdraw: expect.stringContaining('AS 0') });
      const batch = UpdateBatch.decode(builder.finish());
      expect([...batch.routeElements()]).toMatchObject([
        { type: 'W', prefix: '10.0.0.0/8' },
        { type: 'W', prefix: '2001:db8::/32' },
      ]);
      expect(batch.columns.hops).toHaveLength(0);
    },
  );

  (existsSync(FILE) ? test : test.skip)("libbgpstream's own test messages", () => {
    const builder = new UpdateBatchBuilder();
    const lines = readFileSync(FILE, 'utf8').split('\n').filter(Boolean);
    const kinds = lines.map((line) => decodeRisLiveMessage(line, builder).kind);
    expect(kinds).toEqual(['update', 'state', 'error', 'other', 'other', 'keepalive', 'bad']);
    expect(decodeRisLiveMessage(lines[0]!, builder).kind).toBe('update');
  });
});

describe('raw', () => {
  const message = (fields: object) =>
    JSON.stringify({
      type: 'ris_message',
      data: {
        timestamp: 1700000000,
        peer: '192.0.2.9',
        peer_asn: '64500',
        type: 'UPDATE',
        path: [64500],
        origin: 'igp',
        announcements: [{ next_hop: '192.0.2.9', prefixes: ['10.0.0.0/8'] }],
        ...fields,
      },
    });
  // marker, length 45, UPDATE; no withdrawals; 20 bytes of ORIGIN IGP, AS_PATH 64500, NEXT_HOP 192.0.2.9; 10.0.0.0/8
  const bytes = `${'FF'.repeat(16)}002D02000000144001010040020602010000FBF4400304C0000209080A`;

  test('agrees, or the difference is told', () => {
    expect(rawDisagreement(message({ raw: bytes }))).toBeNull();
    expect(rawDisagreement(message({}))).toBeNull();
    expect(rawDisagreement(message({ raw: bytes, path: [64501] }))).toContain('JSON has A|10.0.0.0/8|64501');
    expect(rawDisagreement(message({ raw: bytes, withdrawals: ['11.0.0.0/8'] }))).toBe(
      'JSON has W|11.0.0.0/8|||, raw has no more',
    );
    expect(rawDisagreement(message({ raw: bytes.slice(2) }))).toBe('raw is not one whole BGP message');
    expect(rawDisagreement(message({ raw: 'FFxx' }))).toBe('raw is not hexadecimal');
  });

  (existsSync(FILE) ? test : test.skip)('of a real message agrees', () => {
    expect(rawDisagreement(readFileSync(FILE, 'utf8').split('\n')[0]!)).toBeNull();
  });
});

describe('fuzzing', () => {
  const FRAGMENTS = [
    '"',
    ',',
    '[',
    ']',
    '{',
    '}',
    '0',
    '-1',
    '1e9',
    '.',
    '/',
    ':',
    '::',
    ' ',
    '\\u0031',
    'null',
    '"path":[1],',
    'é',
  ];
  const edit = fc.record({
    at: fc.nat(UPDATE.length),
    cut: fc.integer({ min: 0, max: 6 }),
    insert: fc.oneof(fc.constantFrom(...FRAGMENTS, ''), fc.string({ maxLength: 3 })),
  });

  test('the scanner and JSON.parse agree on damaged messages, and nothing throws', () => {
    const fast = new UpdateBatchBuilder();
    const slow = new UpdateBatchBuilder();
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), fc.boolean(), (edits, asBytes) => {
        let text = UPDATE;
        for (const { at, cut, insert } of edits) text = text.slice(0, at) + insert + text.slice(at + cut);
        const given = asBytes ? new TextEncoder().encode(text) : text;
        const outcome = decodeRisLiveMessage(given, fast);
        expect(outcome).toEqual(decodeRisLiveJson(given, slow));
        expect(elementsOf(fast)).toEqual(elementsOf(slow));
      }),
      { numRuns: RUNS },
    );
  });

  test('mutated bytes: no throw, every batch is sound, memory is bounded', () => {
    const good = new TextEncoder().encode(UPDATE);
    const bytes = new Uint8Array(good.length);
    const builder = new UpdateBatchBuilder();
    let state = 20_260_101;
    const below = (bound: number): number => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) % bound;
    };
    const kinds = new Map<string, number>();
    for (let run = 0; run < RUNS; run++) {
      bytes.set(good);
      for (let edits = 1 + below(4); edits > 0; edits--) bytes[below(bytes.length)] = below(256);
      const { kind } = decodeRisLiveMessage(below(8) === 0 ? bytes.subarray(0, below(bytes.length)) : bytes, builder);
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      if (builder.messages >= 1000) {
        // a batch of a thousand messages of one prefix list each, whatever was in them
        expect(builder.byteLength).toBeLessThan(4 * 2 ** 20);
        expect(UpdateBatch.decode(builder.finish()).messages).toBe(1000);
      }
    }
    expect(kinds.get('bad')).toBeGreaterThan(RUNS / 10);
    expect(kinds.get('update')).toBeGreaterThan(RUNS / 100);
  }, 600_000);

  test('no text at all throws', () => {
    const builder = new UpdateBatchBuilder();
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.uint8Array({ maxLength: 200 })), (given) => {
        expect(decodeRisLiveMessage(given, builder).kind).not.toBe('update');
      }),
      { numRuns: RUNS },
    );
  });
});
