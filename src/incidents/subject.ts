/** The network of an incident's subject. Of an incident of the operator's own the subject says what it did, too: "AS64666 new origin". */
export function networkOfSubject(subject: string): string | undefined {
  return subject === '' ? undefined : subject.split(' ', 1)[0];
}

const DONE_BY_IT: readonly string[] = ['hijack', 'moas', 'leak'];

/** "hijack by AS64666", "outage of AS64500": a class, as it is called where it is shown, with the network behind it. */
export function withNetwork(words: string, name: string, subject: string): string {
  const network = networkOfSubject(subject);
  return network === undefined ? words : `${words} ${DONE_BY_IT.includes(name) ? 'by' : 'of'} ${network}`;
}
