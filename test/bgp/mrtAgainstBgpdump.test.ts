import { spawnSync } from 'node:child_process';
import { createReadStream, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type Communities, formatCommunities } from '../../src/bgp/communities.js';
import { decodeMrt } from '../../src/bgp/mrt/decodeMrt.js';
import { type RouteElement, UpdateBatch } from '../../src/bgp/updateBatch.js';

const DIRECTORY = join(process.cwd(), '../shared/data/mrt');
/** Route elements of each file, as its publisher's README gives them. */
const ELEMENTS: Record<string, number> = {
  'rrc15.updates.20100227.1600.gz': 53_806,
  'rrc00.updates.19991214.1621.gz': 55_516,
  'rrc00.updates.20000102.2014.gz': 6_359,
  'route-views.jinx.updates.1427846400.bz2': 8_611,
};
const hasData = existsSync(DIRECTORY);
const hasBgpdump = spawnSync('bgpdump', ['-h']).error === undefined;

function line(element: RouteElement): string {
  const time = Math.floor(element.timeMs / 1000);
  const start = `${time}|${element.type}|${element.peer}|${element.peerAs}`;
  if (element.type === 'STATE') return `${start}|${element.oldState}|${element.newState}`;
  if (element.type === 'W') return `${start}|${element.prefix}`;
  return `${start}|${element.prefix}|${element.path}|${element.origin}|${element.nextHop}`;
}

async function ours(file: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const { batch } of decodeMrt(createReadStream(join(DIRECTORY, file)), { batchMessages: 777 })) {
    for (const element of UpdateBatch.decode(batch.finish()).routeElements()) lines.push(line(element));
  }
  return lines;
}

function theirs(file: string): string[] {
  const { stdout } = spawnSync('bgpdump', ['-m', join(DIRECTORY, file)], { encoding: 'utf8', maxBuffer: 1 << 28 });
  const lines = stdout.trimEnd().split('\n');
  return lines.map((text) => text.split('|').slice(1, 9).join('|').replace(/\|+$/, ''));
}

/** bgpdump prints the peer's address in place of the prefix for withdrawals of type 5 records: only the length is left. */
function withoutWithdrawnAddress(text: string): string {
  const fields = text.split('|');
  if (fields[1] === 'W') fields[4] = fields[4]!.slice(fields[4]!.indexOf('/'));
  return fields.join('|');
}

/** The communities of each announced prefix, in order. */
async function ourCommunities(file: string): Promise<string[]> {
  const lines: string[] = [];
  const found = new Map<number, Communities>();
  const onCommunities = (message: number, communities: Communities) => found.set(message, communities);
  for await (const { batch } of decodeMrt(createReadStream(join(DIRECTORY, file)), { onCommunities })) {
    const { columns } = new UpdateBatch(batch.takeColumns());
    for (let message = 0; message < columns.kind.length; message++) {
      const communities = found.get(message);
      const text = communities === undefined ? '' : formatCommunities(communities).join(' ');
      for (let n = columns.announced[message]!; n > 0; n--) lines.push(text);
    }
    found.clear();
  }
  return lines;
}

function theirCommunities(file: string): string[] {
  const { stdout } = spawnSync('bgpdump', ['-m', join(DIRECTORY, file)], { encoding: 'utf8', maxBuffer: 1 << 28 });
  const fields = stdout.split('\n').map((text) => text.split('|'));
  return fields.filter((one) => one[2] === 'A').map((one) => one[11]!);
}

describe('MRT elements', () => {
  if (!hasData) {
    test.skip('shared MRT archives are not here', () => {});
    return;
  }
  for (const file of readdirSync(DIRECTORY)) {
    test(`${file}: as many as its README says`, async () => {
      expect(await ours(file)).toHaveLength(ELEMENTS[file]!);
    });
    const name = `${file}: time, peer, AS, prefix, path, origin and next hop as bgpdump prints them`;
    if (!hasBgpdump) {
      test.skip(`${name} (bgpdump is not installed)`, () => {});
      continue;
    }
    test(name, async () => {
      const old = file.startsWith('rrc00');
      const same = (lines: string[]) => (old ? lines.map(withoutWithdrawnAddress) : lines);
      expect(same(await ours(file))).toEqual(same(theirs(file)));
    });
    // of type 5 records bgpdump prints no communities in this form
    if (file.startsWith('rrc00')) continue;
    test(`${file}: communities, where asked, as bgpdump prints them`, async () => {
      expect(await ourCommunities(file)).toEqual(theirCommunities(file));
    });
  }
});
