import { type AttributePlace, word } from './asPathAttribute.js';

/** Communities of a route. */
export interface Communities {
  /** RFC 1997: AS in the upper half, value in the lower. */
  standard: Uint32Array;
  /** RFC 8092: three words each. */
  large: Uint32Array;
}

/** Registered by RFC 1997. */
const WELL_KNOWN = new Map([
  [0xffffff01, 'no-export'],
  [0xffffff02, 'no-advertise'],
  [0xffffff03, 'local-AS'],
]);

function words(bytes: Uint8Array, place: AttributePlace, each: number): Uint32Array {
  const { at, end } = place;
  // a length that cannot be one says nothing about the communities
  if (at < 0 || (end - at) % (each * 4) !== 0) return new Uint32Array(0);
  return Uint32Array.from({ length: (end - at) / 4 }, (_, i) => word(bytes, at + i * 4));
}

/** @returns null if missing */
export function readCommunities(
  bytes: Uint8Array,
  standard: AttributePlace,
  large: AttributePlace,
): Communities | null {
  const communities = { standard: words(bytes, standard, 1), large: words(bytes, large, 3) };
  return communities.standard.length + communities.large.length > 0 ? communities : null;
}

/** Text as operators write it: `3356:2`, `no-export`, `64500:1:2`. */
export function formatCommunities({ standard, large }: Communities): string[] {
  const texts = Array.from(standard, (value) => WELL_KNOWN.get(value) ?? `${value >>> 16}:${value & 0xffff}`);
  for (let i = 0; i < large.length; i += 3) texts.push(`${large[i]}:${large[i + 1]}:${large[i + 2]}`);
  return texts;
}
