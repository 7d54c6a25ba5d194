import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ByteReader, ByteWriter } from '../../src/features/byteStream.js';
import { RouteTable, WITHDRAWN } from '../../src/features/routes/routeTable.js';

function again(table: RouteTable): RouteTable {
  const writer = new ByteWriter();
  table.write(writer);
  const read = new RouteTable(table.maximum);
  read.read(new ByteReader(writer.finish()));
  const from = [...table.stored()].flatMap((column) => [...column]);
  for (const [i, view] of [...read.stored()].flatMap((column) => [...column]).entries()) view.set(from[i]!);
  return read;
}

const step = fc.record({
  what: fc.constantFrom('announce', 'withdraw', 'drop', 'restart'),
  peer: fc.nat(40),
  prefix: fc.nat(12),
  pathId: fc.constantFrom(0, 0, 0, 7, 9),
  path: fc.nat(1000),
});

describe('the table of routes', () => {
  test('holds what a map of keys would, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        let table = new RouteTable(10_000);
        const known = new Map<string, number>();
        for (const { what, peer, prefix, pathId, path } of steps) {
          if (what === 'restart') table = again(table);
          const key = `${prefix} ${peer} ${pathId}`;
          let route = table.find(peer, prefix, pathId);
          expect(route >= 0).toBe(known.has(key));
          if (what === 'drop' && route >= 0) {
            table.drop(prefix, route);
            known.delete(key);
          } else if (what === 'announce' || what === 'withdraw') {
            if (route < 0) route = table.add(peer, prefix, pathId, route);
            if (what === 'announce') table.setPath(route, path);
            else table.withdraw(route, 29_000_000 + path);
            known.set(key, what === 'announce' ? path : WITHDRAWN);
          }
          expect(table.size).toBe(known.size);
        }
        for (const [key, path] of known) {
          const [prefix, peer, pathId] = key.split(' ').map(Number) as [number, number, number];
          const route = table.find(peer, prefix, pathId);
          expect(table.peer(route)).toBe(peer);
          expect(table.path(route)).toBe(path);
        }
        const present = [...known].filter(([, path]) => path !== WITHDRAWN);
        const seen = [...table.present()];
        expect(seen.length).toBe(present.length);
        for (const { prefix, peer, path } of seen) {
          expect(present.some(([key, known]) => key.startsWith(`${prefix} ${peer} `) && known === path)).toBe(true);
        }
      }),
      { seed: 20, numRuns: 150 },
    );
  });

  test('gives up withdrawn routes first, then those that nobody asked for since the last lap', () => {
    const table = new RouteTable(6);
    for (let peer = 0; peer < 6; peer++) {
      const sought = table.find(peer, peer % 2, 0);
      table.setPath(table.add(peer, peer % 2, 0, sought), 1);
    }
    const give = () => {
      const { prefix, at } = table.victim(0);
      const peer = table.peer(at);
      table.drop(prefix, at);
      return peer;
    };
    table.withdraw(table.find(3, 1, 0), 29_000_000);
    expect(table.full).toBe(true);
    expect(give()).toBe(3);
    // the hand has passed 0, 2, 4 and 1: asked for again, 0 and 4 stay
    table.find(0, 0, 0);
    table.find(4, 0, 0);
    const copy = again(table);
    expect([give(), give(), give()]).toEqual([2, 1, 5]);
    const other = copy.victim(0);
    expect(copy.peer(other.at)).toBe(2);
    expect(table.size).toBe(2);
  });
});
