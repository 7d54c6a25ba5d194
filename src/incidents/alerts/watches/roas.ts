import { z } from 'zod';
import { listServices } from '../../../storage/services.js';
import { ROA_PROBLEMS } from '../../rpki/ownRoas.js';
import { type AlertWatch, seenOf } from './watch.js';

const reported = z.array(z.object({ problem: z.enum(ROA_PROBLEMS), prefix: z.string(), words: z.string() }));

/** What the correlator says of the list itself. */
const listed = z.object({ malfunction: z.string().nullable(), expiring: z.string().nullable().default(null) });

const ADVICE = {
  missing: 'create a ROA for it at your registry',
  invalid: 'networks that validate drop the route: correct the ROA, or the declaration',
  expires: 'see whether your registry and its repository still publish; renew the ROA',
  changed: 'look whether you or your registry meant it',
} as const;
const SEVERITY = { missing: 'minor', invalid: 'critical', expires: 'major', changed: 'major' } as const;

/** ROAs of the operator's prefixes, as the correlator reports them each time it has read the VRPs. */
export const roas: AlertWatch = {
  kind: 'roa',
  async look({ pool }) {
    const correlators = (await listServices(pool)).filter(
      ({ name, state }) => name === 'correlator' && state === 'running',
    );
    const reports = correlators.map(({ detail }) => reported.safeParse(detail.roas));
    const known = reports.find(({ success }) => success)?.data;
    const lists = correlators.flatMap(({ detail }) => listed.safeParse(detail.rpki).data ?? []);
    const malfunction = lists.map((list) => list.malfunction).find((words) => words !== null);
    const expiring = lists.map((list) => list.expiring).find((words) => words !== null);
    // without VRPs nothing is known of them, so that what was raised stays as it is
    if (known === undefined) return null;
    const seen = seenOf(known, ownProblem);
    if (malfunction !== undefined) seen.troubles.push(lostAnchor(malfunction));
    if (expiring !== undefined) seen.troubles.push(endingAnchor(expiring));
    return seen;
  },
};

const lostAnchor = (words: string) => ({
  request: {
    fingerprint: 'roa/malfunction',
    kind: 'roa' as const,
    severity: 'major' as const,
    title: 'RPKI: a trust anchor lost most of its VRPs',
    lines: [
      words,
      'the list before stays in use until it is too old (rpki.maximumAgeHours)',
      'what to do: see whether your validator reaches the repository; if the anchor is down, filter nothing by it',
    ],
    facts: { problem: 'malfunction' },
  },
});

const endingAnchor = (words: string) => ({
  request: {
    fingerprint: 'roa/anchor expires',
    kind: 'roa' as const,
    severity: 'major' as const,
    title: 'RPKI: many VRPs of a trust anchor are about to expire',
    lines: [
      words,
      'what to do: see whether your validator still fetches; if the anchor itself publishes nothing new, expect its ROAs to be gone',
    ],
    facts: { problem: 'anchor expires' },
  },
});

const ownProblem = ({ problem, prefix, words }: z.infer<typeof reported>[number]) => ({
  request: {
    fingerprint: `roa/${problem}/${problem === 'changed' ? words : prefix}`.slice(0, 300),
    kind: 'roa' as const,
    severity: SEVERITY[problem],
    title: `your ${prefix}: ROA ${problem === 'expires' ? 'about to expire' : problem}`,
    lines: [words, `what to do: ${ADVICE[problem]}`],
    watched: true,
    facts: { prefix, problem },
  },
});
