import type { MinuteEvidence } from '../features/row.js';
import { emptyEvidence } from '../features/row.js';
import { isLeak, type KnownCarriage } from './carriages.js';
import { foreignRoutes, isHostile } from './classes/foreignRoutes.js';
import { endsIn } from './course.js';
import type { IncidentEvidence } from './evidence.js';
import type { Incident } from './incident.js';
import type { MinuteInput } from './minuteInput.js';
import { FEWEST_LOST, fallTogether, lossesOf, outagesOf } from './networkOutages.js';
import { ROW } from './rowColumns.js';
import { GENERAL } from './subject.js';
import type { WatchList } from './watchList.js';

/** Minutes in which what models flag is taken for the noise of a route event that is large enough. */
const EXPLAINS = 60;

/** Networks that are gone, with those behind them: each outage has its own incident, but for many that have one cause. */
export function goneNetworks({ evidence, minute }: MinuteInput, peersSeen: number): string[] {
  const outages = outagesOf(evidence?.losses ?? [], minute, peersSeen);
  const together = new Set(fallTogether(outages, evidence?.known ?? 0));
  return outages
    .filter((outage) => outage.prefixes >= FEWEST_LOST && !together.has(outage))
    .map(({ network }) => `AS${network}`);
}

/** Networks that took prefixes or carry routes that they should not: each has its own incident, and its own evidence. */
export function suspectsOf(
  seen: IncidentEvidence,
  carriages: readonly KnownCarriage[],
  watched: readonly number[],
): Set<string> {
  const names = new Set(watched.map((origin) => `AS${origin}`));
  for (const route of foreignRoutes(seen)) if (isHostile(route)) names.add(`AS${route.origin}`);
  for (const carriage of carriages) if (isLeak(carriage)) names.add(`AS${carriage.carrier}`);
  return names;
}

/** The claims of a minute alone. */
export function claimsOf(input: MinuteInput): MinuteInput {
  if (input.evidence === null) return input;
  const { newOrigins, moreSpecifics, tails, known, habits } = input.evidence;
  const evidence: MinuteEvidence = { ...emptyEvidence(), newOrigins, moreSpecifics };
  if (tails !== undefined) evidence.tails = tails;
  if (habits !== undefined) evidence.habits = habits;
  return { ...input, evidence: known === undefined ? evidence : { ...evidence, known } };
}

/** The part of a minute that one network is behind: its claims, what it carries and what is lost with it, without the minute's volume. */
export function partOf(input: MinuteInput, subject: string, watchList: WatchList): MinuteInput {
  if (input.evidence === null) return { ...input, anomalous: false, votes: {}, score: null };
  const mine = ({ origin }: { origin: number }) => `AS${origin}` === subject;
  const { evidence } = input;
  const newOrigins = evidence.newOrigins.filter(mine);
  const moreSpecifics = evidence.moreSpecifics.filter(mine);
  const tails = (evidence.tails ?? []).filter(mine);
  const transits = (evidence.transits ?? []).filter(({ carrier }) => `AS${carrier}` === subject);
  const prefixes = new Set([
    ...[...newOrigins, ...moreSpecifics, ...tails].map(({ prefix }) => prefix),
    ...transits.flatMap(({ sample }) => sample),
  ]);
  const part: MinuteEvidence = { ...emptyEvidence(), peers: evidence.peers, newOrigins, moreSpecifics };
  if (evidence.known !== undefined) part.known = evidence.known;
  if (evidence.habits !== undefined) part.habits = evidence.habits;
  const losses = lossesOf(evidence.losses ?? [], Number(subject.slice(2)));
  if (losses.length > 0) part.losses = losses;
  if (transits.length > 0) part.transits = transits;
  if (tails.length > 0) part.tails = tails;
  const ended = (evidence.ended ?? []).filter(mine);
  if (ended.length > 0) part.ended = ended;
  const standing = (evidence.standing ?? []).filter(mine);
  if (standing.length > 0) part.standing = standing;
  const carried = (evidence.carried ?? []).filter(({ carrier }) => `AS${carrier}` === subject);
  if (carried.length > 0) part.carried = carried;
  const paths = (evidence.paths ?? []).filter(({ prefix }) => prefixes.has(prefix));
  if (paths.length > 0) part.paths = paths;
  const newLinks =
    transits.length === 0
      ? watchList.linksOf(subject, evidence)
      : evidence.newLinks.filter(({ left, right }) => `AS${left}` === subject || `AS${right}` === subject);
  return {
    ...input,
    anomalous: false,
    votes: {},
    score: null,
    values: new Float32Array(input.values.length),
    evidence: { ...part, newLinks },
  };
}

/** The minute without what networks with an incident of their own did. */
export function withoutParts(input: MinuteInput, subjects: ReadonlySet<string>, watchList: WatchList): MinuteInput {
  if (input.evidence === null || subjects.size === 0) return input;
  const others = ({ origin }: { origin: number }) => !subjects.has(`AS${origin}`);
  const evidence: MinuteEvidence = {
    ...input.evidence,
    newOrigins: input.evidence.newOrigins.filter(others),
    moreSpecifics: input.evidence.moreSpecifics.filter(others),
    newLinks: input.evidence.newLinks.filter((link) => !watchList.isNeighbour(link, subjects)),
  };
  if (evidence.tails !== undefined) evidence.tails = evidence.tails.filter(others);
  if (evidence.losses !== undefined) {
    const gone = new Set([...subjects].flatMap((name) => lossesOf(input.evidence!.losses!, Number(name.slice(2)))));
    const origins = new Set([...gone].map(({ origin }) => origin));
    evidence.losses = evidence.losses.filter((loss) => !gone.has(loss));
    evidence.withdrawn = evidence.withdrawn.filter(({ origin }) => !origins.has(origin));
  }
  if (evidence.transits !== undefined) {
    evidence.transits = evidence.transits.filter(({ carrier }) => !subjects.has(`AS${carrier}`));
    // what a leaker carries shows as new links of its neighbours too
    evidence.newLinks = evidence.newLinks.filter(
      ({ left, right }) => !subjects.has(`AS${left}`) && !subjects.has(`AS${right}`),
    );
  }
  return { ...input, evidence };
}

/**
 * The stream's general incident without what a network did before it got an incident of its own: a claim on a whole prefix
 * is judged from its second minute on, and its first minute is general until then.
 */
export function withoutSubject(open: Incident, subject: string): Incident {
  if (open.subject !== GENERAL) return open;
  const { evidence } = open.detail;
  const others = ({ origin }: { origin: number }) => `AS${origin}` !== subject;
  const kept: IncidentEvidence = {
    ...evidence,
    newOrigins: evidence.newOrigins.filter(others),
    moreSpecifics: evidence.moreSpecifics.filter(others),
    newLinks: evidence.newLinks.filter(({ left, right }) => `AS${left}` !== subject && `AS${right}` !== subject),
  };
  if (evidence.tails !== undefined) kept.tails = evidence.tails.filter(others);
  if (evidence.transits !== undefined) {
    kept.transits = evidence.transits.filter(({ carrier }) => `AS${carrier}` !== subject);
  }
  return { ...open, detail: { ...open.detail, evidence: kept } };
}

/** Whether an open incident's routes are a good part of what this minute has beyond the ordinary. */
export function explains(open: Incident, input: MinuteInput): boolean {
  const ended = endsIn(open, input) ? input.minute : open.detail.endedMinute;
  if (input.minute - Math.max(open.startedAt, ended ?? 0) > EXPLAINS) return false;
  const { evidence } = open.detail;
  return isGoodPart(evidence, input, evidence.baseline.updates);
}

type Routes = Pick<MinuteEvidence, 'newOrigins' | 'moreSpecifics' | 'transits'>;

/** Whether routes are at least a third of what the minute has beyond the ordinary updates. */
export function isGoodPart({ newOrigins, moreSpecifics, transits = [] }: Routes, input: MinuteInput, ordinary: number) {
  const routes = [...newOrigins, ...moreSpecifics].reduce((sum, { peers }) => sum + peers, 0);
  const carried = transits.reduce((sum, transit) => sum + transit.routes, 0);
  const updates = (input.values[ROW.announced] ?? 0) + (input.values[ROW.withdrawn] ?? 0);
  return 3 * (routes + carried) >= updates - ordinary;
}
