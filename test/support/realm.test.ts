import { expect, test } from '@jest/globals';

class Point {
  constructor(readonly x: number) {}
}

/** Pairs that differ only in what a foreign realm's `instanceof` would not see. */
const PAIRS: [string, unknown, unknown, unknown][] = [
  ['errors', new Error('one'), new Error('one'), new Error('two')],
  ['error types', new RangeError('one'), new RangeError('one'), new TypeError('two')],
  ['typed arrays', Float32Array.of(1, Number.NaN), Float32Array.of(1, Number.NaN), Float32Array.of(1, 2)],
  ['maps', new Map([[1, { a: 1 }]]), new Map([[1, { a: 1 }]]), new Map([[1, { a: 2 }]])],
  ['sets', new Set([[1]]), new Set([[1]]), new Set([[2]])],
  ['dates', new Date(1), new Date(1), new Date(2)],
  ['patterns', /a/g, /a/g, /a/i],
  ['objects', { a: [1, { b: null }] }, { a: [1, { b: null }] }, { a: [1, { b: undefined }] }],
  ['instances', new Point(1), new Point(1), new Point(2)],
  ['bytes', Buffer.from('a'), Buffer.from('a'), Buffer.from('b')],
];

test.each(PAIRS)('expect tells %s apart', (_, value, same, other) => {
  expect(value).toEqual(same);
  expect(value).toStrictEqual(same);
  expect(value).not.toEqual(other);
  expect(value).not.toStrictEqual(other);
});

test('expect knows the types of what is thrown', async () => {
  const refuse = () => {
    throw new RangeError('too far');
  };
  expect(refuse).toThrow(RangeError);
  expect(refuse).toThrow(Error);
  expect(() => expect(refuse).toThrow(TypeError)).toThrow();
  await expect(Promise.reject(new TypeError('no'))).rejects.toBeInstanceOf(TypeError);
  expect([new Point(1), [], new Map(), 'a']).toEqual([
    expect.any(Point),
    expect.any(Array),
    expect.any(Map),
    expect.any(String),
  ]);
  expect({ x: 1 }).not.toStrictEqual(new Point(1));
  expect(Uint8Array.of(1).buffer).not.toStrictEqual(Uint8Array.of(2).buffer);
});

test('the numeric code runs in the realm of Node.js', () => {
  // In a realm of Jest's own, a global is not the one that the compiled-in literals have.
  expect([].constructor).toBe(Array);
  expect(Object.getPrototypeOf(Buffer.prototype)).toBe(Uint8Array.prototype);
});
