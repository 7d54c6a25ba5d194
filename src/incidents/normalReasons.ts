import type { Adaptation } from './adaptation.js';
import type { Classification } from './classify.js';
import type { IncidentEvidence } from './evidence.js';
import type { Incident, IncidentDetail, Reason, Severity } from './incident.js';
import type { LevelTrace } from './levelTrace.js';
import { newNormalOf, newNormalWords } from './newNormalRule.js';
import { severityRank } from './severity.js';

/** Peers that came or went are nothing to get up for. */
const EXPLAINED: Severity = 'minor';

/** What a class says of an incident, with what shows whether it is a change that stays; that goes first. */
export function judgedNormal(
  level: LevelTrace | undefined,
  evidence: IncidentEvidence,
  judged: Pick<Classification, 'class' | 'severity' | 'words'>,
  duration: number,
): { severity: Severity; words: Reason[]; detail: Pick<IncidentDetail, 'level' | 'newNormal'> } {
  const { severity, words } = judged;
  // An incident that an older version opened
  if (level === undefined) return { severity, words, detail: {} };
  const normal = newNormalOf(level, evidence, duration);
  if (!normal.likely) return { severity, words, detail: { level, newNormal: undefined } };
  const reason = (text: string): Reason => ({ class: judged.class, weight: 1, words: text });
  return {
    severity: normal.explained && severityRank(severity) > severityRank(EXPLAINED) ? EXPLAINED : severity,
    words: [
      reason(newNormalWords(normal)),
      ...normal.speaksFor.map((text) => reason(`for a new normal: ${text}`)),
      ...normal.speaksAgainst.map((text) => reason(`against it: ${text}`)),
      ...words,
    ],
    detail: { level, newNormal: normal },
  };
}

/** Closes an incident that versions have learnt, with them as the first reason. */
export function closedAsNormal(open: Incident, adaptations: Adaptation[]): Incident {
  const versions = adaptations.map(({ model, version }) => `${model} version ${version}`).join(', ');
  const reports = [...new Set(adaptations.flatMap(({ report }) => report ?? []))];
  const asked =
    reports.length === 0
      ? ''
      : `, asked for by drift ${reports.length === 1 ? 'report' : 'reports'} ${reports.join(', ')}`;
  const reason: Reason = {
    class: open.class,
    weight: 1,
    words: `is the new normal: ${versions} trained on it ${adaptations.length === 1 ? 'serves' : 'serve'}${asked}`,
  };
  return {
    ...open,
    endedAt: open.lastMinute + 1,
    reasons: [reason, ...open.reasons],
    detail: { ...open.detail, closedBy: 'new normal', adaptations },
  };
}
