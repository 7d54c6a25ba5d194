/**
 * Levenshtein distance between two runs of tokens in one array: fewest insertions, deletions and substitutions of a
 * token. Runs are at most 255 long.
 */
const row = new Uint16Array(256);

export function editDistance(tokens: Uint32Array, a: number, aLength: number, b: number, bLength: number): number {
  while (aLength > 0 && bLength > 0 && tokens[a] === tokens[b]) {
    a++;
    b++;
    aLength--;
    bLength--;
  }
  while (aLength > 0 && bLength > 0 && tokens[a + aLength - 1] === tokens[b + bLength - 1]) {
    aLength--;
    bLength--;
  }
  if (aLength === 0) return bLength;
  if (bLength === 0) return aLength;
  for (let j = 0; j <= bLength; j++) row[j] = j;
  for (let i = 1; i <= aLength; i++) {
    let diagonal = row[0]!;
    row[0] = i;
    const token = tokens[a + i - 1];
    for (let j = 1; j <= bLength; j++) {
      const above = row[j]!;
      const substituted = token === tokens[b + j - 1] ? diagonal : diagonal + 1;
      const gapped = Math.min(above, row[j - 1]!) + 1;
      row[j] = Math.min(substituted, gapped);
      diagonal = above;
    }
  }
  return row[bLength]!;
}
