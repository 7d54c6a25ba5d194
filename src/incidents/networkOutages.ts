import type { Minute, NetworkLoss } from '../features/row.js';

/** Minutes that a loss must last: routes that flap or change their path are back sooner. */
export const LASTING = 5;
/** The same for several networks of `SURELY` prefixes that are gone with a transit of which nothing is left. */
const SURE_AFTER = 1;
/** Prefixes from which on the outage of one network, with those behind it, is worth a line of its own. */
export const FEWEST_LOST = 10;
/** What is gone itself is gone from everywhere within so many minutes; over several lines it is news one minute later. */
export const AT_ONCE = 2;
const NEXT = AT_ONCE + 1;
const REMAINDER = 0.05;
/** Prefixes from which on several networks that are gone with their transit are major at once: they do not flap together. */
export const SURELY = 30;
/** A loss is listed in each of its first minutes; later ones say how it goes on, and open nothing. */
const NEWS = 15;
/** What fails with its transit is gone within so many minutes, path exploration included. */
const TOGETHER = 3;
/** Lost prefixes whose paths lead through the transit, for a network to have failed with it. */
const BEHIND = 0.8;
/** Fewer than so many networks behind a transit are its own doing and theirs by chance. */
const FEWEST_BEHIND = 2;
/** What a network may have left, and the share of the peers that must have lost something: else a part of it is gone. */
const LEFT = 0.4;
const PEERS = 0.5;
/** The same where several networks of `SURELY` prefixes are gone with their transit, which chance does not do. */
const PEERS_OF_SEVERAL = 0.3;

/** A network that lost what it announced, with those that are reached through it. */
export interface NetworkOutage {
  network: number;
  /** First minute of the network's own loss. */
  since: Minute;
  /** The network's own loss first. */
  losses: NetworkLoss[];
  prefixes: number;
  /** The most peers that had one of the prefixes. */
  peers: number;
}

/** Losses that took all, or all but little, that a network had. */
export function wholeLosses<T extends NetworkLoss>(losses: readonly T[]): T[] {
  return losses.filter(({ prefixes, left, peers }) => prefixes > 0 && left <= prefixes * LEFT && peers >= 2);
}

/**
 * Whether the network itself is gone, rather than its line to the rest: next to nothing is left of it, and its prefixes
 * were reached through two of its neighbours or more.
 */
export function isGoneItself({ prefixes, left, lines = 1 }: Pick<NetworkLoss, 'prefixes' | 'left' | 'lines'>): boolean {
  return lines > 1 && prefixes >= FEWEST_LOST && left <= Math.max(1, prefixes * REMAINDER);
}

/** Whether next to nothing is left of it, whatever it was reached through. */
export function isWhole({ prefixes, left }: Pick<NetworkLoss, 'prefixes' | 'left'>): boolean {
  return prefixes > 0 && left <= prefixes * REMAINDER;
}

export function isBehind({ prefixes, via }: NetworkLoss, network: number): boolean {
  const through = via.find((each) => each.network === network)?.prefixes ?? 0;
  return through > 0 && through >= prefixes * BEHIND;
}

/** Losses of one minute that belong to the network's outage: its own, and those behind it that began with it. */
export function lossesOf(losses: readonly NetworkLoss[], network: number): NetworkLoss[] {
  const own = losses.filter(({ origin }) => origin === network);
  const behind = losses.filter(
    (loss) =>
      loss.origin !== network &&
      isBehind(loss, network) &&
      own.some(({ since }) => Math.abs(loss.since - since) <= TOGETHER),
  );
  return [...own, ...behind];
}

/**
 * Whole networks that are gone and stay gone, each with those that failed with it; the largest first. A transit whose
 * own prefixes stand is not blamed: every large one lies on the paths of losses that only fall together by chance.
 */
export function outagesOf(losses: readonly NetworkLoss[], minute: Minute, peersSeen: number): NetworkOutage[] {
  const whole = wholeLosses(losses).filter(({ since }) => minute - since >= SURE_AFTER && minute - since <= NEWS);
  const lasting = whole.filter(({ since }) => minute - since >= LASTING);
  const groups = lasting.map((own) => {
    const members = lossesOf(lasting, own.origin);
    return isSeveral(members) ? members : [own];
  });
  const young = whole.filter((own) => own.left === 0 && !lasting.includes(own));
  groups.push(...young.map((own) => lossesOf(whole, own.origin)).filter((members) => isSure(members, peersSeen)));
  groups.push(...whole.filter((own) => minute - own.since === NEXT && isGoneItself(own)).map((own) => [own]));
  groups.sort((a, b) => prefixesOf(b) - prefixesOf(a) || a[0]!.origin - b[0]!.origin);
  const taken = new Set<number>();
  const outages: NetworkOutage[] = [];
  for (const group of groups) {
    if (taken.has(group[0]!.origin)) continue;
    for (const { origin } of group) taken.add(origin);
    outages.push({
      network: group[0]!.origin,
      since: group[0]!.since,
      losses: group,
      prefixes: prefixesOf(group),
      peers: Math.max(...group.map(({ peers }) => peers)),
    });
  }
  const share = (members: readonly NetworkLoss[]) => (isLarge(members) ? PEERS_OF_SEVERAL : PEERS);
  return outages.filter(({ peers, losses: members }) => peers >= peersSeen * share(members));
}

export function isSeveral(members: readonly NetworkLoss[]): boolean {
  return new Set(members.map(({ origin }) => origin)).size > FEWEST_BEHIND;
}

function isLarge(members: readonly NetworkLoss[]): boolean {
  return isSeveral(members) && prefixesOf(members) >= SURELY;
}

/** Prefixes and networks that open an incident of no network's own, in a table of the whole Internet; fewer in a small one. */
const MANY_PREFIXES = 100;
const MANY_SHARE = 0.02;
const MANY_NETWORKS = 10;

/** So many outages are too many for chance, in a table of so many prefixes. */
export function areMany(outages: readonly NetworkOutage[], known: number): boolean {
  const prefixes = Math.min(MANY_PREFIXES, Math.max(FEWEST_LOST, known * MANY_SHARE));
  const networks = Math.min(MANY_NETWORKS, Math.max(3, known * 0.01));
  return outages.length >= networks && outages.reduce((sum, outage) => sum + outage.prefixes, 0) >= prefixes;
}

/**
 * Outages that began within the same minutes and are too many for chance, such as those of a region: they have one cause,
 * which is none of these networks unless nearly all that was lost lies behind it.
 */
export function fallTogether(outages: readonly NetworkOutage[], known: number): NetworkOutage[] {
  let most: NetworkOutage[] = [];
  for (const { since } of outages) {
    const together = outages.filter((other) => other.since >= since && other.since < since + TOGETHER);
    if (together.length > most.length) most = together;
  }
  const prefixes = most.reduce((sum, outage) => sum + outage.prefixes, 0);
  const isOnes = most.some((outage) => outage.prefixes >= prefixes * BEHIND);
  return areMany(most, known) && !isOnes ? most : [];
}

/** A transit of which nothing is left took its customers with it: nobody found a way around, and nothing flaps so. */
function isSure(members: readonly NetworkLoss[], peersSeen: number): boolean {
  const peers = Math.max(...members.map((loss) => loss.peers));
  return isLarge(members) && peers >= peersSeen * PEERS;
}

function prefixesOf(losses: readonly NetworkLoss[]): number {
  return losses.reduce((sum, { prefixes }) => sum + prefixes, 0);
}
