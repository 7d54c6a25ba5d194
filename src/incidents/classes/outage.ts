import { plural } from '../../words/plural.js';
import type { KeptLoss } from '../keptLoss.js';
import {
  FEWEST_LOST,
  isBehind,
  isGoneItself,
  isSeveral,
  isWhole,
  lossesOf,
  SURELY,
  wholeLosses,
} from '../networkOutages.js';
import { bySize } from '../severity.js';
import { type Case, type ClassRule, clamped, type Judgement, NOTHING, peerShare, percent } from './classRule.js';

/** What fails together is withdrawn within so many minutes, path exploration included. */
const BURST = 3;

/**
 * Networks of ten or twenty prefixes fail a few times a day in a table of the whole Internet: the sizes grow with what is
 * known of it, up to this. Several networks that fail with their transit are rarer.
 */
const NETWORK_FACTOR = { alone: 6, whole: 2, transit: 2 };
/**
 * Share of the peers that must have shown it before, for the loss of a network to be worth a call: of what only comes up
 * while others fail, or flaps, few had routes. A little below half, as peers come and go. Of several networks that fail
 * with their transit, the share of the peers that withdrew each.
 */
const KNOWN = 0.47;
/** The same in rows that do not say what was held before: all but a few peers must have withdrawn it. */
const ALL_PEERS = 0.92;
/** Peers that must have withdrawn it in any case, and of what else is major. */
const HALF_OF_PEERS = 0.5;
const MOST_PEERS = 0.6;
const NETWORK_TABLE = 15_000;
const SEVERAL = 3;
/**
 * In a large table most of what is lost is back within minutes. What is not so large is major when most of it is gone
 * still after so many.
 */
const PATIENCE = 10;
const LARGE = 100;
const STILL = 0.6;
/**
 * A network that was lost once already in the last six hours is flapping: losing it again counts as an outage only when
 * it is large. Older rows count the losses of the last day instead, and so many of them are flapping.
 */
const FLAPS = 2;
/** After so many losses in a day it is flapping whatever its size. */
const FLAPS_ALL_DAY = 10;
const NAMED = 5;

/** The sizes are meant for a table of some 25,000 prefixes at most; what is large there is daily bread in the whole Internet. */
function tableFactor(known: number): number {
  return Math.max(1, Math.min(10, known / 25_000));
}

/** The entries of the minutes in which most were lost, and the next few. */
function burst<T extends { minute: number }>(entries: readonly T[]): T[] {
  let best: T[] = [];
  for (const { minute } of entries) {
    const together = entries.filter((entry) => entry.minute >= minute && entry.minute < minute + BURST);
    if (together.length > best.length) best = together;
  }
  return best;
}

/** Prefixes lost by most of the peers that had them, and not announced again. */
export const outage: ClassRule = {
  name: 'outage',
  judge(incident) {
    const { subject, evidence, settings } = incident;
    if (subject !== '') return networkOutage(incident);
    const down = evidence.resets.filter(({ downs }) => downs > 0).length;
    const most = evidence.withdrawn.filter(
      ({ peers, peersBefore }) =>
        peersBefore >= 2 && peers > down && peers >= peersBefore * settings.evidence.peerShare,
    );
    const together = burst(most);
    const lost = together.filter(({ returns }) => returns === 0);
    // Links go down somewhere all the time: twice what is ordinary in so many minutes, and some by chance, is not an outage.
    const ordinary = evidence.baseline.lost * BURST;
    const beyond = lost.length - 2 * ordinary - 2 * Math.sqrt(ordinary);
    if (lost.length === 0 || beyond <= 0) return NOTHING;
    const origins = new Map<number, number>();
    for (const { origin } of lost) origins.set(origin, (origins.get(origin) ?? 0) + 1);
    const [top] = [...origins].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
    const [network, held] = top!;
    // What comes back within minutes, to be lost again, flaps.
    const steady = lost.length / together.length;
    const { withdrawn, announced } = evidence.totals;
    const falling = withdrawn / Math.max(1, withdrawn + announced);
    const score = clamped(
      (0.5 + 0.3 * Math.min(1, beyond / settings.size.outagePrefixes.major) + 0.2 * Math.min(1, 2 * falling)) *
        (0.4 + 0.6 * steady),
    );
    const share = lost.reduce((sum, { peers, peersBefore }) => sum + Math.min(1, peers / peersBefore), 0) / lost.length;
    return {
      score,
      severity: bySize(lost.length / tableFactor(evidence.known ?? 0), settings.size.outagePrefixes),
      reasons: [
        `${plural(lost.length, 'prefix')} withdrawn by ${percent(share)} of the peers that had them`,
        `${held} of them of AS${network}${origins.size > 1 ? `, the rest of ${plural(origins.size - 1, 'other network')}` : ''}`,
        ...transitsGone(evidence.losses ?? []),
        `withdrawals are ${percent(falling)} of all updates`,
      ],
      culprits: {
        prefixes: lost.map(({ prefix, peers }) => ({ name: prefix, count: peers })),
        origins: [...origins].map(([origin, count]) => ({ name: `AS${origin}`, count })),
        peers: [],
      },
    };
  },
};

/** Transits that went with networks behind them, where many failed together. */
function transitsGone(kept: readonly KeptLoss[]): string[] {
  const whole = largestOf(wholeLosses(kept));
  const groups = whole.map(({ origin }) => lossesOf(whole, origin)).filter(isSeveral);
  groups.sort((a, b) => b.length - a.length || a[0]!.origin - b[0]!.origin);
  const words = groups
    .slice(0, NAMED)
    .map(([own, ...behind]) => `AS${own!.origin} with ${plural(behind.length, 'network')} behind it`);
  return words.length === 0 ? [] : [`transits among them: ${words.join(', ')}`];
}

/** A network that is gone, with those behind it. */
function networkOutage({ subject, evidence, settings }: Case): Judgement {
  const network = Number(subject.slice(2));
  const whole = wholeLosses(evidence.losses ?? []);
  const own = whole.find(({ origin }) => origin === network);
  if (own === undefined) return NOTHING;
  const behind = largestOf(whole.filter((loss) => loss.origin !== network && isBehind(loss, network)));
  const losses = [own, ...behind];
  const prefixes = losses.reduce((sum, loss) => sum + loss.prefixes, 0);
  const share = peerShare(evidence, Math.max(...losses.map(({ peers }) => peers)));
  const several = behind.length >= SEVERAL;
  // several that fail together need not be known far and wide
  const isKnown = ({ held, peers }: KeptLoss) =>
    held === undefined || (several ? held / peers : peerShare(evidence, held)) >= KNOWN;
  const known = losses.filter(isKnown).reduce((sum, loss) => sum + loss.prefixes, 0);
  const atOnce = peerShare(evidence, own.atOnce ?? own.peers);
  const left = own.leftAtOnce ?? own.left;
  const itself = isGoneItself({ ...own, left }) && atOnce >= HALF_OF_PEERS;
  const most = own.held === undefined ? ALL_PEERS : HALF_OF_PEERS;
  const gone = itself || (isWhole({ ...own, left }) && isWhole(own) && atOnce >= most);
  const rare = several ? NETWORK_FACTOR.transit : gone ? NETWORK_FACTOR.whole : NETWORK_FACTOR.alone;
  const size = prefixes / Math.max(1, Math.min(rare, (evidence.known ?? 0) / NETWORK_TABLE));
  // losing one network of a hundred prefixes does not justify waking somebody, however certain it is
  const graded = (lost: number, reduced: number) => {
    const { outagePrefixes } = settings.size;
    const least = several
      ? reduced
      : lost / Math.max(1, Math.min(NETWORK_FACTOR.alone, (evidence.known ?? 0) / NETWORK_TABLE));
    const severity = bySize(reduced, outagePrefixes);
    return severity === 'critical' && bySize(least, outagePrefixes) !== 'critical' ? 'major' : severity;
  };
  const wasGone = own.held === undefined ? (own.earlier ?? 0) >= FLAPS : (own.lately ?? 0) > 0;
  const flaps = wasGone && size !== prefixes;
  const unstable = (own.earlier ?? 0) >= FLAPS_ALL_DAY && !several;
  const large = prefixes >= LARGE || size === prefixes || (several && (itself || prefixes >= SURELY));
  const lasts =
    itself ||
    (!unstable && large) ||
    (!flaps &&
      share >= (several || own.held !== undefined ? HALF_OF_PEERS : MOST_PEERS) &&
      stillGone(losses, prefixes));
  const others = behind.slice(0, NAMED).map(({ origin }) => `AS${origin}`);
  const more = behind.length > NAMED ? ` and ${behind.length - NAMED} more` : '';
  return {
    score: clamped(0.6 + 0.4 * Math.min(1, size / settings.size.outagePrefixes.major)),
    severity: lasts && (known >= FEWEST_LOST || prefixes >= LARGE) ? graded(prefixes, size) : 'minor',
    reasons: [
      behind.length === 0
        ? `${subject} is gone: ${plural(prefixes, 'prefix')} withdrawn, ${own.left === 0 ? 'none' : own.left} left`
        : `${subject} and ${plural(behind.length, 'network')} behind it are gone: ${plural(prefixes, 'prefix')} withdrawn`,
      ...(behind.length === 0 ? [] : [`reached through ${subject} alone: ${others.join(', ')}${more}`]),
      `${percent(share)} of the peers had them`,
      ...(itself ? [`it was reached over ${own.lines} lines, which went together`] : []),
      ...(own.earlier === undefined ? [] : [`it was gone ${plural(own.earlier, 'time')} before within a day`]),
    ],
    culprits: {
      prefixes: losses.flatMap(({ sample, peers }) => sample.map((name) => ({ name, count: peers }))),
      origins: losses.map((loss) => ({ name: `AS${loss.origin}`, count: loss.prefixes })),
      peers: [],
    },
  };
}

/** A network that was lost twice while the incident lasts counts once. */
function largestOf(losses: readonly KeptLoss[]): KeptLoss[] {
  const byOrigin = new Map<number, KeptLoss>();
  for (const loss of losses) {
    const before = byOrigin.get(loss.origin);
    if (before === undefined || loss.prefixes > before.prefixes) byOrigin.set(loss.origin, loss);
  }
  return [...byOrigin.values()];
}

function stillGone(losses: readonly KeptLoss[], prefixes: number): boolean {
  const old = losses.filter(({ since, minute }) => minute === undefined || minute - since >= PATIENCE);
  return old.reduce((sum, loss) => sum + (loss.still ?? loss.prefixes), 0) >= prefixes * STILL;
}
