import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { decodeRisLiveJson, decodeRisLiveMessage } from '../../src/bgp/risLive.js';
import { UpdateBatch, UpdateBatchBuilder } from '../../src/bgp/updateBatch.js';
import { packageRoot } from '../../src/config/paths.js';

const message = (data: object) =>
  JSON.stringify({
    type: 'ris_message',
    data: { timestamp: 1_700_000_000, peer: '192.0.2.1', peer_asn: '64500', type: 'UPDATE', ...data },
  });
const announcements = [
  { next_hop: '192.0.2.1', prefixes: ['198.51.100.0/24', '2001:db8::/32'] },
  { next_hop: '2001:db8::a', prefixes: ['203.0.113.128/25'] },
];
const withHops = (count: number) =>
  message({ path: Array.from({ length: count }, (_, at) => (at % 9) + 1), announcements });

test.each([
  ['of a path of 65,535 hops', withHops(65_535), 'update'],
  ['of a path of 65,536 hops', withHops(65_536), 'bad'],
  ['longer than the memory of the scanner', message({ raw: '00'.repeat(200_000), announcements }), 'update'],
  ['with letters that are no ASCII', message({ id: '\u00e9\u{1f600}', announcements }), 'update'],
  ['with a byte that JSON forbids', message({ id: 'x', announcements }).replace('"x"', '"\u0001"'), 'bad'],
  ['of nothing but the necessary', message({}), 'update'],
  ...Array.from({ length: 17 }, (_, length) => [
    `with a string of ${length} letters`,
    message({ id: 'x'.repeat(length), announcements }),
    'update',
  ]),
])('a message %s is what JSON.parse makes of it', (_, text, kind) => {
  const elementsOf = (builder: UpdateBatchBuilder) => [...UpdateBatch.decode(builder.finish()).routeElements()];
  const fast = new UpdateBatchBuilder();
  const slow = new UpdateBatchBuilder();
  for (const given of [text!, new TextEncoder().encode(text)]) {
    const outcome = decodeRisLiveMessage(given, fast);
    expect(outcome.kind).toBe(kind);
    expect(outcome).toEqual(decodeRisLiveJson(given, slow));
  }
  expect(elementsOf(fast)).toEqual(elementsOf(slow));
});

test('a leading zero is refused before any number, wherever it stands', () => {
  const text = message({
    path: [64500, 3356, [64501, 64502]],
    community: [
      [64500, 1],
      [3356, 22],
    ],
    med: 7,
    announcements,
  });
  const places = [...text.matchAll(/[,:[](?=[1-9])/g)].map(({ index }) => index + 1);
  expect(places).toHaveLength(10);
  const builder = new UpdateBatchBuilder();
  for (const at of places) {
    for (const zeros of ['0', '00']) {
      const wrong = text.slice(0, at) + zeros + text.slice(at);
      expect([wrong, decodeRisLiveMessage(wrong, builder).kind]).toEqual([wrong, 'bad']);
    }
  }
});

test('a processor without SIMD takes every message by JSON.parse', () => {
  const place = (file: string) => JSON.stringify(pathToFileURL(join(packageRoot, 'dist/src/bgp', file)).href);
  const script = `
    import { decodeRisLiveMessage } from ${place('risLive.js')};
    import { RisLiveScanner } from ${place('risLiveScanner.js')};
    import { UpdateBatchBuilder } from ${place('updateBatch.js')};
    const outcome = decodeRisLiveMessage(${JSON.stringify(message({ announcements }))}, new UpdateBatchBuilder());
    process.stdout.write(JSON.stringify([process.arch, RisLiveScanner.open() === null, outcome.kind]));`;
  const flags = ['--no-enable-sse4-1', '--input-type=module', '-e', script];
  const [arch, isMissing, kind] = JSON.parse(execFileSync(process.execPath, flags, { encoding: 'utf8' }));
  expect(kind).toBe('update');
  // of other processors the flag says nothing
  if (arch === 'x64') expect(isMissing).toBe(true);
});
