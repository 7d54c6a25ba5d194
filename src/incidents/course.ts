import type { Minute, MinuteEvidence } from '../features/row.js';
import { IN_PLACE_FOR } from '../features/standingTime.js';
import { plural } from '../words/plural.js';
import { type ForeignRoute, foreignRoutes, isHostile } from './classes/foreignRoutes.js';
import type { IncidentEvidence } from './evidence.js';
import type { Incident, IncidentDetail, InPlace } from './incident.js';
import type { KeptLoss } from './keptLoss.js';
import type { MinuteInput } from './minuteInput.js';
import { seenWords } from './seenBy.js';
import { GENERAL } from './subject.js';

/** Prefixes from which on what a network began to carry is followed until it is gone. */
const FOLLOWED_PREFIXES = 10;
/** What many lost together is over when so small a share of it is lost still. */
const LEFT_SHARE = 0.3;
/** Minutes from the start of an outage of many in which its networks go. */
const GOING = 15;
/** Minutes from the start of an incident in which the first of them goes: what began before is something else. */
const GOES_FIRST = 5;

type Course = Pick<IncidentDetail, 'ended' | 'endedMinute' | 'endedAs' | 'inPlace'>;

/** What a minute says of how an incident goes on: routes that are gone, and those that were looked at and are in place. */
export function courseOf(open: Incident, input: MinuteInput): Course {
  const { evidence, minute } = input;
  if (evidence === null || input.gap) return {};
  const fresh = endedIn(open, evidence);
  const inPlace = inPlaceIn(open, evidence, minute);
  const as = (evidence.ended ?? []).map(({ held }) => (held > 0 ? 'back' : 'withdrawn'));
  return {
    ...(fresh.length === 0 ? {} : { endedMinute: minute }),
    ...(fresh.length === 0 || open.subject === GENERAL ? {} : { ended: joined(open.detail.ended, fresh) }),
    ...(as.length === 0 || open.subject === GENERAL
      ? {}
      : { endedAs: joined<'back' | 'withdrawn'>(open.detail.endedAs, as) }),
    ...(inPlace === null ? {} : { inPlace }),
  };
}

/** Whether something of the incident is over in this minute. */
export function endsIn(open: Incident, { evidence }: MinuteInput): boolean {
  return evidence !== null && endedIn(open, evidence).length > 0;
}

/** Every claim of the incident is over: its routes were withdrawn or went back, and the network itself is back. */
export function isOver({ subject, class: name, startedAt, detail }: Incident): boolean {
  if (detail.endedMinute === undefined) return false;
  const { evidence } = detail;
  if (subject === GENERAL) {
    const lost = lostTogether(evidence);
    return name === 'outage' && lost.some(({ since }) => since <= startedAt + GOES_FIRST) && isBack(lost);
  }
  const ended = new Set(detail.ended ?? []);
  if (name === 'outage' && (evidence.losses ?? []).length > 0) return ended.has(subject);
  const claims = [...claimsOf(evidence).map(({ prefix }) => prefix), ...leaked(evidence).map(carriedName)];
  return claims.length > 0 && claims.every((claim) => ended.has(claim));
}

/** What was seen in place, while that is not too long ago and it is not over. */
export function inPlaceOf(incident: Incident, minute: Minute): InPlace | undefined {
  const { inPlace } = incident.detail;
  return inPlace !== undefined && minute - inPlace.minute <= IN_PLACE_FOR && !isOver(incident) ? inPlace : undefined;
}

/** The last minute in which something of it was seen: news, its end, or its routes in place. */
export function lastSeen({ lastMinute, detail }: Incident): Minute {
  return Math.max(lastMinute, detail.endedMinute ?? 0, detail.inPlace?.minute ?? 0);
}

function endedIn({ subject, class: name, detail }: Incident, evidence: MinuteEvidence): string[] {
  const back = (evidence.losses ?? []).filter(({ prefixes }) => prefixes === 0);
  if (subject === GENERAL) {
    if (name !== 'outage') return [];
    const lost = new Set(lostTogether(detail.evidence).map(({ origin }) => origin));
    return back.filter(({ origin }) => lost.has(origin)).map(({ origin }) => `AS${origin}`);
  }
  return [
    ...(evidence.ended ?? []).filter(({ origin }) => `AS${origin}` === subject).map(({ prefix }) => prefix),
    ...(evidence.carried ?? []).filter((each) => each.peers === 0 && `AS${each.carrier}` === subject).map(carriedName),
    ...(back.some(({ origin }) => `AS${origin}` === subject) ? [subject] : []),
  ];
}

function inPlaceIn(open: Incident, minuteEvidence: MinuteEvidence, minute: Minute): InPlace | null {
  const { class: name, subject, detail } = open;
  const { evidence } = detail;
  const of = `of ${plural(evidence.peersSeen, 'peer')}`;
  if (name === 'outage') {
    const listed = (minuteEvidence.losses ?? []).filter(({ prefixes }) => prefixes > 0);
    const lost = subject === GENERAL ? lostTogether(evidence) : (evidence.losses ?? []).filter(isOwn(subject));
    if (!listed.some(({ origin }) => lost.some((loss) => loss.origin === origin)) || isBack(lost)) return null;
    const [still, all] = [stillLost(lost), lostIn(lost)];
    return {
      minute,
      size: still,
      words: `${still} of ${plural(all, 'prefix')} ${still === 1 ? 'is' : 'are'} gone still`,
    };
  }
  if (subject === GENERAL) return null;
  const claims = new Map(claimsOf(evidence).map(({ prefix, covering }) => [prefix, covering]));
  const routes = (minuteEvidence.standing ?? [])
    .filter(({ prefix, origin }) => `AS${origin}` === subject && claims.has(prefix))
    .map(({ prefix, peers, routes: all }) => {
      const seen = seenWords(claims.get(prefix) === undefined ? { peers, routes: all } : { peers }, evidence.peersSeen);
      return { peers, words: `${prefix} of ${subject} is still seen by ${seen}` };
    });
  const through = (minuteEvidence.carried ?? [])
    .filter(({ carrier, peers }) => peers > 0 && `AS${carrier}` === subject)
    .map(({ carrier, from, peers }) => ({
      peers,
      words: `${peers} ${of} still have routes of AS${from} through AS${carrier}`,
    }));
  const [widest] = [...routes, ...through].sort((a, b) => b.peers - a.peers);
  if (widest === undefined) return null;
  const before = detail.inPlace;
  // its claims are looked at in different minutes
  const wider = before !== undefined && minute - before.minute < IN_PLACE_FOR / 2 && before.size > widest.peers;
  return wider ? { ...before, minute } : { minute, size: widest.peers, words: widest.words };
}

/** What speaks for a fault, where anything does: a large network does ordinary things, too. */
function claimsOf(evidence: IncidentEvidence): Pick<ForeignRoute, 'prefix' | 'covering'>[] {
  const hostile = foreignRoutes(evidence).filter(isHostile);
  const { newOrigins, moreSpecifics, tails = [] } = evidence;
  return hostile.length > 0 ? hostile : [...newOrigins, ...moreSpecifics, ...tails];
}

/** What a network began to carry, beside the routes of whose origin it forged. */
function leaked({ transits = [], tails = [] }: IncidentEvidence): { carrier: number; from: number }[] {
  return transits.filter(
    ({ from, prefixes }) => prefixes >= FOLLOWED_PREFIXES && !tails.some(({ holder }) => holder === from),
  );
}

const carriedName = ({ carrier, from }: { carrier: number; from: number }) =>
  `routes of AS${from} through AS${carrier}`;

const isOwn = (subject: string) => (loss: KeptLoss) => `AS${loss.origin}` === subject;

/** Of many networks that went at once, without those that came and went since. */
function lostTogether({ losses = [] }: IncidentEvidence): KeptLoss[] {
  const first = Math.min(...losses.map(({ since }) => since));
  return losses.filter(({ since }) => since < first + GOING);
}

const stillLost = (losses: readonly KeptLoss[]) =>
  losses.reduce((sum, { still, prefixes }) => sum + (still ?? prefixes), 0);
const lostIn = (losses: readonly KeptLoss[]) => losses.reduce((sum, { prefixes }) => sum + prefixes, 0);

function isBack(losses: readonly KeptLoss[]): boolean {
  return losses.length > 0 && stillLost(losses) <= lostIn(losses) * LEFT_SHARE;
}

function joined<T>(kept: readonly T[] | undefined, fresh: readonly T[]): T[] {
  return [...new Set([...(kept ?? []), ...fresh])];
}
