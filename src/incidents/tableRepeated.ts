import type { MinuteInput } from './minuteInput.js';

/** Minutes within which a table follows the message that its session came up. */
const TABLE_FOLLOWS = 3;

/**
 * Whether a peer whose session came up repeats much of its table. It is not a fault of the network, and shows in a few
 * minutes only, which models that smooth hardly see, yet it explains them.
 */
export function repeatsTable(input: MinuteInput, recent: readonly MinuteInput[]): boolean {
  const repeating = input.evidence?.reannouncing ?? [];
  if (repeating.length === 0) return false;
  const up = new Set<string>();
  for (const { minute, evidence } of [...recent.slice(1 - TABLE_FOLLOWS), input]) {
    if (minute <= input.minute - TABLE_FOLLOWS) continue;
    for (const { peer, state } of evidence?.resets ?? []) if (state === 'up') up.add(peer);
  }
  return repeating.some(({ peer }) => up.has(peer));
}
