import { plural } from '../words/plural.js';
import type { IncidentClass, IncidentDetail } from './incident.js';

/** What these do to routes lasts until it is undone, with no message in between. */
const STANDING: ReadonlySet<string> = new Set<IncidentClass>(['hijack', 'moas', 'leak', 'outage']);

/** The state of an incident: going on; over; or closed by silence, while its routes may well be in use. */
export type Ending = 'open' | 'resolved' | 'no more news';

export interface Closing {
  class: string;
  /** Minutes or milliseconds; null while it is open. */
  endedAt: number | null;
  closedBy: IncidentDetail['closedBy'] | undefined;
  /** It looked like a new normal when it closed. */
  looksNormal?: boolean;
  endedAs?: IncidentDetail['endedAs'];
  /** Its routes were in place when they were last looked at. */
  inPlace?: IncidentDetail['inPlace'];
  /** Minutes without news before it was closed. */
  quiet?: number;
}

/** What of an incident says how it ended; `endedAt` in minutes. */
export function closingOf({
  class: name,
  endedAt,
  detail,
}: {
  class: string;
  endedAt: number | null;
  detail: Pick<IncidentDetail, 'closedBy' | 'newNormal' | 'endedAs' | 'inPlace' | 'quiet'>;
}): Closing {
  const { closedBy, newNormal, endedAs, inPlace, quiet } = detail;
  return {
    class: name,
    endedAt,
    closedBy,
    looksNormal: newNormal !== undefined,
    ...(endedAs === undefined ? {} : { endedAs }),
    ...(inPlace === undefined ? {} : { inPlace, quiet }),
  };
}

/**
 * Silence is not an all-clear: a hijack, leak or outage is resolved only when its routes were withdrawn or went back. What
 * is made of messages (instability, resets) is over when the messages are.
 */
export function endingOf({ class: name, endedAt, closedBy }: Closing): Ending {
  if (endedAt === null) return 'open';
  if (closedBy === 'ended' || closedBy === 'new normal') return 'resolved';
  // Rows of before `closedBy` was stored were closed by silence.
  return (closedBy ?? 'quiet') === 'quiet' && !STANDING.has(name) ? 'resolved' : 'no more news';
}

/** What silence leaves open. */
export function leftOpen(name: string): string {
  return name === 'outage' ? 'what was withdrawn may still be gone' : 'its routes may still stand';
}

/** Why it was closed, as a sentence without its full stop. */
export function endingWords(closing: Closing): string {
  switch (closing.closedBy) {
    case 'ended':
      return endedWords(closing);
    case 'gap':
      return `The feed was away: no more news, ${leftOpen(closing.class)}`;
    case 'length':
      return 'It has lasted so long that it counts as the new normal: only a change from here raises an alert';
    case 'new normal':
      return 'It is the new normal: versions that were trained on it serve';
    default:
      if (closing.looksNormal === true) return 'Models flag it no more; it looked like a new normal';
      if (endingOf(closing) === 'resolved') return 'It is quiet again';
      if (closing.inPlace === undefined) return `No more news: ${leftOpen(closing.class)}`;
      return `Closed after ${plural(closing.quiet ?? 0, 'minute')} without news, as it was: ${closing.inPlace.words}`;
  }
}

/** How it came to its end, where that is known. */
function endedWords({ class: name, endedAs = [] }: Closing): string {
  if (name === 'outage') return 'What was lost is back';
  if (endedAs.length !== 1) return 'Its routes were withdrawn or went back';
  return endedAs[0] === 'back' ? 'Its routes went back to their holder' : 'Its routes were withdrawn';
}
