import type { Minute } from '../../features/row.js';
import type { Incident, IncidentChange, IncidentDetail } from '../incident.js';
import { severityRank } from '../severity.js';
import type { Finding } from './finding.js';
import { closed, grown, opened } from './watchIncident.js';

const MINUTE_MS = 60_000;

interface Open {
  incident: Incident;
  /** What was raised of it: prefix and kind. */
  told: string[];
  /** Since when nothing contradicts the declaration, ms. */
  endingMs: number | null;
}

const minuteAt = (ms: number): Minute => Math.floor(ms / MINUTE_MS);

/** A part taken and a whole taken by one network are one event. The network comes first. */
function subjectOf({ kind, network }: Finding): string {
  const what = kind === 'more specific' ? 'new origin' : kind;
  return network === 0 ? what : `AS${network} ${what}`;
}

const keyOf = ({ kind, prefix }: Finding) => `${kind} ${prefix}`;

/** Turns the findings of a moment into incidents: one for each kind and network, open for as long as it stands. */
export class OpenFindings {
  readonly #open = new Map<string, Open>();

  constructor(
    private readonly stream: string,
    /** How long a contradiction must be gone, ms: routes come and go while they spread. */
    private readonly settleMs: number,
  ) {}

  get size(): number {
    return this.#open.size;
  }

  /** Whether time alone may close one. */
  get ending(): boolean {
    return [...this.#open.values()].some(({ endingMs }) => endingMs !== null);
  }

  /** @param closedBy why what is not among the findings ends, and the words for it */
  judge(
    findings: readonly Finding[],
    nowMs: number,
    closedBy: (incident: Incident) => { by: NonNullable<IncidentDetail['closedBy']>; words: string },
  ): IncidentChange[] {
    const changes: IncidentChange[] = [];
    const groups = new Map<string, Finding[]>();
    for (const finding of findings)
      groups.set(subjectOf(finding), [...(groups.get(subjectOf(finding)) ?? []), finding]);
    for (const [subject, group] of groups) {
      const change = this.#stands(subject, group, nowMs);
      if (change !== null) changes.push(change);
    }
    for (const [subject, open] of this.#open) {
      if (groups.has(subject)) continue;
      open.endingMs ??= nowMs;
      if (nowMs - open.endingMs < this.settleMs) continue;
      this.#open.delete(subject);
      const { by, words } = closedBy(open.incident);
      changes.push({
        type: 'closed',
        minute: minuteAt(nowMs),
        incident: closed(open.incident, minuteAt(open.endingMs), by, words),
      });
    }
    return changes;
  }

  standing(): Incident[] {
    return [...this.#open.values()].map(({ incident }) => incident);
  }

  write(): unknown[] {
    return [...this.#open.values()];
  }

  read(stored: readonly unknown[]): void {
    for (const open of stored as Open[]) this.#open.set(open.incident.subject, open);
  }

  #stands(subject: string, group: readonly Finding[], nowMs: number): IncidentChange | null {
    const minute = minuteAt(nowMs);
    const before = this.#open.get(subject);
    const told = [...new Set([...(before?.told ?? []), ...group.map(keyOf)])];
    const incident =
      before === undefined ? opened(this.stream, subject, group, minute) : grown(before.incident, group, minute);
    this.#open.set(subject, { incident, told, endingMs: null });
    if (before === undefined) return { type: 'opened', minute, incident };
    const graver = severityRank(incident.severity) > severityRank(before.incident.severity);
    return graver || told.length > before.told.length ? { type: 'grown', minute, incident } : null;
  }
}
