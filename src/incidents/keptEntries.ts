import type { Ranked } from '../features/row.js';

/** Sums counts by name; sorted by falling count, then by name; the tail beyond the bound is dropped. */
export function mergedRanks(kept: readonly Ranked[], fresh: readonly Ranked[], bound: number): Ranked[] {
  if (fresh.length === 0) return [...kept];
  const counts = new Map(kept.map(({ name, count }) => [name, count]));
  for (const { name, count } of fresh) counts.set(name, (counts.get(name) ?? 0) + count);
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
    .slice(0, bound);
}

/** Joins entries of one key and keeps the `bound` heaviest; the order of arrival breaks ties. */
export function mergedEntries<T>(
  kept: readonly T[],
  fresh: readonly T[],
  key: (entry: T) => string,
  join: (old: T, now: T) => T,
  weight: (entry: T) => number,
  bound: number,
): T[] {
  if (fresh.length === 0) return [...kept];
  const entries = new Map(kept.map((entry) => [key(entry), entry]));
  for (const entry of fresh) {
    const old = entries.get(key(entry));
    entries.set(key(entry), old === undefined ? entry : join(old, entry));
  }
  const all = [...entries.values()];
  if (all.length <= bound) return all;
  const cut = [...all].sort((a, b) => weight(b) - weight(a)).slice(0, bound);
  const chosen = new Set(cut);
  return all.filter((entry) => chosen.has(entry));
}
