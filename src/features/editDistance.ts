/** A run of tokens in an array, at most 255 long. */
export interface TokenRun {
  tokens: Uint32Array;
  start: number;
  count: number;
}

const row = new Uint16Array(256);

/** Levenshtein distance between two runs of tokens: fewest insertions, deletions and substitutions of a token. */
export function editDistance(one: TokenRun, other: TokenRun): number {
  const ours = one.tokens;
  const theirs = other.tokens;
  let a = one.start;
  let b = other.start;
  let aLength = one.count;
  let bLength = other.count;
  while (aLength > 0 && bLength > 0 && ours[a] === theirs[b]) {
    a++;
    b++;
    aLength--;
    bLength--;
  }
  while (aLength > 0 && bLength > 0 && ours[a + aLength - 1] === theirs[b + bLength - 1]) {
    aLength--;
    bLength--;
  }
  if (aLength === 0) return bLength;
  if (bLength === 0) return aLength;
  for (let j = 0; j <= bLength; j++) row[j] = j;
  for (let i = 1; i <= aLength; i++) {
    let diagonal = row[0]!;
    row[0] = i;
    const token = ours[a + i - 1];
    for (let j = 1; j <= bLength; j++) {
      const above = row[j]!;
      const substituted = token === theirs[b + j - 1] ? diagonal : diagonal + 1;
      const gapped = Math.min(above, row[j - 1]!) + 1;
      row[j] = Math.min(substituted, gapped);
      diagonal = above;
    }
  }
  return row[bLength]!;
}
