import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { correlate, freshState } from '../../src/incidents/correlator.js';
import { readRelations } from '../../src/incidents/relations/relationFile.js';
import { RelationSource } from '../../src/incidents/relations/relationSource.js';
import { withRelations } from '../../src/incidents/relations/withRelations.js';
import { leakSuspicion } from '../../src/incidents/suspicion/carriageSuspicion.js';
import { Feed } from './feed.js';
import { contextOf, quietMinute } from './minutes.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'relations-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function written(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const relationsOf = async (...lines: string[]) =>
  (await readRelations(await written('as-rel.txt', `# source:topology\n${lines.join('\n')}\n`))).relations;

describe('a file of AS relations', () => {
  test('is read plain and gzipped, in both series; other lines are counted', async () => {
    const text = '# inferred clique: 1 2\r\n1|10|-1\r\n10|20|-1|bgp\n20|21|0|mlp\nx|y|0\n5|5|0\n4294967296|1|-1\n';
    for (const path of [await written('a.txt', text), await written('a.txt.gz', gzipSync(text))]) {
      const { relations, skipped, sample } = await readRelations(path);
      expect([relations.size, skipped, sample]).toEqual([3, 3, 'x|y|0']);
      expect(relations.relation(10, 1)).toBe('customer');
      expect(relations.relation(1, 10)).toBe('provider');
      expect(relations.relation(21, 20)).toBe('peer');
      expect(relations.relation(1, 20)).toBeUndefined();
      expect(relations.between(20, 1)).toBe('one above the other');
      expect(relations.between(21, 10)).toBe('strangers');
      expect(relations.between(99, 10)).toBeUndefined();
    }
  });

  test('without a relation, cut short, or no file at all is refused', async () => {
    await expect(readRelations(await written('b.txt', '<html>no</html>\n'))).rejects.toThrow('holds no relation');
    const cut = gzipSync(Array.from({ length: 5000 }, (_, n) => `${n + 1}|${n * 7 + 3}|-1`).join('\n'));
    await expect(readRelations(await written('c.gz', cut.subarray(0, 4000)))).rejects.toThrow('cut short');
    await expect(readRelations(folder)).rejects.toThrow('not a regular file');
  });

  test('with a ring of providers ends', async () => {
    const relations = await relationsOf('1|2|-1', '2|3|-1', '3|1|-1', '9|8|-1');
    expect(relations.between(1, 8)).toBe('strangers');
  });

  test('is read again when it changed, and a bad one leaves what was read before', async () => {
    let time = 0;
    const warned: string[] = [];
    const path = await written('d.txt', '1|2|-1\n');
    const log = { info: () => undefined, warn: (_: object, message: string) => warned.push(message) };
    const source = new RelationSource({ path, now: () => new Date(time), log });
    await source.refreshIfDue();
    expect(source.relations?.size).toBe(1);
    await written('d.txt', 'nonsense\n');
    await utimes(path, 5, 5);
    time += 600_000;
    await source.refreshIfDue();
    expect([source.relations?.size, warned]).toEqual([
      1,
      ['AS relations cannot be read; those read before stay in use'],
    ]);
    await written('d.txt', '1|2|-1\n1|3|-1\n');
    time += 600_000;
    await source.refreshIfDue();
    expect(source.relations?.size).toBe(2);
  });
});

describe('given relations', () => {
  const claims = () => new Feed().announce(560, 8, 200, [5200, 4700], ['10.17.128.0/17']).inputs(600);
  const incidentsWith = async (...lines: string[]) => {
    const context = { ...contextOf(), ...(lines.length === 0 ? {} : { relations: await relationsOf(...lines) }) };
    return correlate(freshState('rrc00'), claims(), context).incidents;
  };

  test('let a provider off that stands before a customer, and nobody else', async () => {
    expect(await incidentsWith()).toMatchObject([{ subject: 'AS5200', class: 'hijack' }]);
    expect(await incidentsWith('5200|4700|-1')).toEqual([]);
    expect(await incidentsWith('5200|9|-1', '9|4700|-1')).toEqual([]);
    const [found] = await incidentsWith('201|4700|-1', '200|5200|-1');
    expect(found!.reasons.map(({ words }) => words).join('\n')).toContain('know both, and nothing between them');
  });

  test('decide whether a network leaks, whatever its size', async () => {
    const facts = (carries: number) => ({ knownFor: 9000, degree: carries, carries });
    const transit = {
      carrier: 500,
      from: 100,
      to: 200,
      routes: 4000,
      peers: 6,
      prefixes: 900,
      origins: 300,
      sample: [],
      carrierFacts: facts(40),
      fromFacts: facts(50),
      toFacts: facts(50),
      reverse: false,
      shared: 0,
      alike: 0,
      near: 0,
      linkFor: 9000,
    };
    const bitsWith = async (...lines: string[]) => {
      const relations = lines.length === 0 ? undefined : await relationsOf(...lines);
      const input = quietMinute(1000, { evidence: { ...quietMinute(1000).evidence!, transits: [transit] } });
      const [main] = withRelations(input, relations).evidence!.transits!;
      return leakSuspicion({ carrier: 500, prefixes: 900, origins: 300, share: 1, main: main! }).bits;
    };
    expect(await bitsWith()).toBeLessThan(0);
    expect(await bitsWith('100|500|-1', '200|500|-1')).toBeGreaterThan(3);
    expect(await bitsWith('100|500|-1', '500|200|0')).toBeGreaterThan(3);
    expect(await bitsWith('500|100|-1', '200|500|-1')).toBeLessThan(0);
    expect(await bitsWith('100|500|-1')).toBeLessThan(0);
  });
});
