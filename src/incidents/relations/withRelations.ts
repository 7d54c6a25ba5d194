import type { GivenRelation, MinuteEvidence } from '../../features/row.js';
import type { MinuteInput } from '../minuteInput.js';
import type { AsRelations } from './asRelations.js';

/** The closest first. */
const CLOSENESS: readonly GivenRelation[] = [
  'neighbours',
  'one above the other',
  'peers',
  'same small provider',
  'strangers',
];

/** The minute with what given relations say of its claims and of what its networks carry. The same again where they are there already. */
export function withRelations(input: MinuteInput, relations: AsRelations | undefined): MinuteInput {
  const { evidence } = input;
  if (relations === undefined || evidence === null) return input;
  const { newOrigins, moreSpecifics, tails, transits } = evidence;
  const given = (origin: number, holders: readonly number[]) => closest(relations, origin, holders);
  const judged: MinuteEvidence = {
    ...evidence,
    newOrigins: newOrigins.map((route) => withGiven(route, given(route.origin, route.previousOrigins))),
    moreSpecifics: moreSpecifics.map((route) => withGiven(route, given(route.origin, route.coveringOrigins))),
  };
  if (tails !== undefined) judged.tails = tails.map((tail) => withGiven(tail, given(tail.origin, [tail.holder])));
  if (transits !== undefined) {
    judged.transits = transits.map((transit) => {
      const lawful = relations.mayCarry(transit.carrier, transit.from, transit.to);
      return lawful === undefined ? transit : { ...transit, lawful };
    });
  }
  return { ...input, evidence: judged };
}

function closest(relations: AsRelations, origin: number, holders: readonly number[]): GivenRelation | undefined {
  const found = holders.map((holder) => relations.between(origin, holder));
  return CLOSENESS.find((each) => found.includes(each));
}

function withGiven<T extends { facts?: { given?: GivenRelation } }>(route: T, given: GivenRelation | undefined): T {
  return route.facts === undefined || given === undefined ? route : { ...route, facts: { ...route.facts, given } };
}
