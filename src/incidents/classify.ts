import { plural } from '../words/plural.js';
import type { Case, ClassRule, Judgement } from './classes/classRule.js';
import { surgeOf } from './classes/classRule.js';
import { hijack } from './classes/hijack.js';
import { instability } from './classes/instability.js';
import { leak } from './classes/leak.js';
import { moas } from './classes/moas.js';
import { outage } from './classes/outage.js';
import { sessionReset } from './classes/sessionReset.js';
import type { IncidentClass, Reason } from './incident.js';
import { SEVERITIES, type Severity } from './incident.js';

/** Equal scores go to the first. */
const RULES: readonly ClassRule[] = [hijack, outage, leak, sessionReset, instability, moas];

export interface Classification extends Judgement {
  class: IncidentClass;
  scores: Partial<Record<IncidentClass, number>>;
  /** Of the chosen class first, then what else speaks for other classes. */
  words: Reason[];
}

/**
 * Lets every class judge the whole evidence and takes the strongest. `current` keeps its name until another leads by
 * the margin, so that an incident does not change its class from minute to minute.
 */
export function classify(incident: Case, current: IncidentClass): Classification {
  const { settings } = incident;
  const judged = RULES.map((rule) => ({ rule, judgement: rule.judge(incident) }));
  const scores: Partial<Record<IncidentClass, number>> = {};
  for (const { rule, judgement } of judged) scores[rule.name] = judgement.score;
  const best = judged.reduce((first, next) => (next.judgement.score > first.judgement.score ? next : first));
  const held = judged.find(({ rule }) => rule.name === current);
  const keeps =
    held !== undefined &&
    held.judgement.score >= settings.minimumScore &&
    best.judgement.score < held.judgement.score + settings.switchMargin;
  const chosen = keeps ? held : best;
  const others = judged
    .filter((entry) => entry !== chosen && entry.judgement.score >= 0.3)
    .sort((a, b) => b.judgement.score - a.judgement.score)
    .map(({ rule, judgement }) => reason(rule.name, judgement.score, judgement.reasons[0]!));
  if (chosen.judgement.score < settings.minimumScore) {
    const { severity, words } = unknownIncident(incident);
    return {
      score: 0,
      severity,
      reasons: [words],
      culprits: {
        prefixes: incident.evidence.prefixes,
        origins: incident.evidence.origins,
        peers: incident.evidence.peers,
      },
      class: 'unknown',
      scores,
      words: [
        reason('unknown', 0, words),
        ...[chosen]
          .filter(({ judgement }) => judgement.score > 0)
          .map(({ rule, judgement }) => reason(rule.name, judgement.score, judgement.reasons[0]!)),
      ],
    };
  }
  const { judgement, rule } = chosen;
  return {
    ...judgement,
    class: rule.name,
    scores,
    words: [...judgement.reasons.map((words) => reason(rule.name, judgement.score, words)), ...others],
  };
}

function reason(name: IncidentClass, weight: number, words: string): Reason {
  return { class: name, weight, words };
}

/** Without a name an incident is judged by how far and how long the minutes depart from the ordinary. */
function unknownIncident({ evidence, duration }: Case): { severity: Severity; words: string } {
  const surge = surgeOf(evidence);
  const steps = (duration >= 5 ? 1 : 0) + (duration >= 60 || (surge >= 5 && duration >= 10) ? 1 : 0);
  return {
    severity: SEVERITIES[steps]!,
    words: `no class fits the evidence: ${surge.toFixed(1)} times the ordinary updates in the busiest minute, ${plural(duration, 'minute')}`,
  };
}
