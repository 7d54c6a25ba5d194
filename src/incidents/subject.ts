/** What no single network does: storms that models see, resets, losses of many at once. */
export const GENERAL = '';

/** The network of an incident's subject. Of an incident of the operator's own the subject says what it did, too: "AS64666 new origin". */
export function networkOfSubject(subject: string): string | undefined {
  return subject === '' ? undefined : subject.split(' ', 1)[0];
}

const NEW_NEIGHBOURS = ' new neighbours';

/** New neighbours of one network of the operator's are one incident: most are what a table shows in its first days. */
export function neighbourhoodOf(network: number): string {
  return `AS${network}${NEW_NEIGHBOURS}`;
}

export function isNeighbourhood(subject: string): boolean {
  return subject.endsWith(NEW_NEIGHBOURS);
}

const DONE_BY_IT: readonly string[] = ['hijack', 'moas', 'leak'];

/** "hijack by AS64666", "outage of AS64500": a class, as it is called where it is shown, with the network behind it. */
export function withNetwork(words: string, name: string, subject: string): string {
  const network = networkOfSubject(subject);
  if (name === 'unknown' && isNeighbourhood(subject)) {
    return `${/^[A-Z]/.test(words) ? 'New' : 'new'} neighbours of ${network}`;
  }
  return network === undefined ? words : `${words} ${DONE_BY_IT.includes(name) ? 'by' : 'of'} ${network}`;
}
