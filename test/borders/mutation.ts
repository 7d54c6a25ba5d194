import type { Random } from '../../src/random/random.js';

/** Texts that parsers have stumbled over. */
const AWKWARD = [
  '',
  'null',
  '{}',
  '[]',
  '""',
  '-1',
  '1e999',
  'NaN',
  '0x10',
  '99999999999999999999',
  '\u0000',
  '\ud800',
  '\\u0000',
  '__proto__',
  'constructor',
  '../../etc/passwd',
  "'; DROP TABLE features; --",
  '%00',
  '{"$ref":"#"}',
  '['.repeat(2_000),
  'a'.repeat(70_000),
];

/** A text near a good one: letters changed, parts cut, doubled, swapped with another's or replaced by awkward ones. */
export function mutated(samples: readonly string[], random: Random): string {
  let text = random.pick(samples);
  for (let edits = random.integer(4); edits >= 0; edits -= 1) {
    const [a, b] = [random.integer(text.length + 1), random.integer(text.length + 1)];
    const [from, to] = [Math.min(a, b), Math.max(a, b)];
    const short = Math.min(to, from + 1 + random.integer(20));
    switch (random.integer(7)) {
      case 0:
        text =
          text.slice(0, from) +
          String.fromCharCode(random.integer(random.integer(8) === 0 ? 0x10000 : 128)) +
          text.slice(from + 1);
        break;
      case 1:
        text = text.slice(0, from) + text.slice(short);
        break;
      case 2:
        text = text.slice(0, to) + text.slice(from, short) + text.slice(to);
        break;
      case 3:
        text = text.slice(0, from) + random.pick(AWKWARD) + text.slice(short);
        break;
      case 4:
        text = text.slice(0, from) + random.pick(samples).slice(from);
        break;
      case 5:
        text =
          text.slice(0, from) + String(random.integer(2 ** 31) * random.pick([1, -1, 1e-3, 1e12])) + text.slice(short);
        break;
      default:
        if (random.integer(10) === 0) text = random.pick(AWKWARD);
    }
  }
  return text.slice(0, 200_000);
}
