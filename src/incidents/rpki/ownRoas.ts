import type { Declaration } from '../watch/declaration.js';
import type { VrpTable } from './validity.js';

export const ROA_PROBLEMS = ['missing', 'invalid', 'expires', 'changed'] as const;

/** Something about the ROAs of a declared prefix that its holder should look at. */
export interface RoaProblem {
  problem: (typeof ROA_PROBLEMS)[number];
  prefix: string;
  words: string;
}

type Covering = (prefix: string) => ReturnType<VrpTable['covering']> | undefined;

/**
 * Looks at the VRPs of each declared prefix whenever they were read. What changed stays raised until the end of the process,
 * as an event; the rest for as long as it is so.
 */
export class OwnRoas {
  #before: Map<string, string> | null = null;
  readonly #changes = new Map<string, RoaProblem>();

  constructor(
    private readonly declaration: Declaration,
    /** VRPs that expire sooner are reported. */
    private readonly hours: number,
  ) {}

  /** @returns null while no VRPs are known */
  look(covering: Covering, now: Date): RoaProblem[] | null {
    const found: RoaProblem[] = [];
    const present = new Map<string, string>();
    for (const { prefix, block, allowed, ignore, except } of this.declaration.entries) {
      if (ignore || except.includes('roa')) continue;
      const roas = covering(prefix);
      if (roas === undefined) return null;
      const origins = [...allowed].filter((network) => !this.declaration.settings.origins.includes(network));
      const text =
        roas
          .map(({ asn, length, maxLength }) => `AS${asn} /${length}-${maxLength}`)
          .sort()
          .join(', ') || 'none';
      present.set(prefix, text);
      const before = this.#before?.get(prefix);
      if (before !== undefined && before !== text) {
        const words = `the ROAs of your ${prefix} changed from ${before} to ${text}`;
        this.#changes.set(prefix, { problem: 'changed', prefix, words });
      }
      if (roas.length === 0) {
        found.push({
          problem: 'missing',
          prefix,
          words: `no ROA covers your ${prefix}: anybody's announcement of it is "not found"`,
        });
        continue;
      }
      for (const origin of origins) {
        const valid = roas.filter(({ asn, maxLength }) => asn === origin && block.length <= maxLength);
        if (valid.length === 0) {
          found.push({
            problem: 'invalid',
            prefix,
            words: `your ${prefix} by AS${origin} is RPKI invalid: its ROAs are ${text}`,
          });
          continue;
        }
        const last = Math.max(...valid.map(({ expires }) => expires ?? Number.POSITIVE_INFINITY));
        if (last * 1000 - now.getTime() > this.hours * 3_600_000) continue;
        const until = new Date(last * 1000).toISOString().slice(0, 16).replace('T', ' ');
        found.push({
          problem: 'expires',
          prefix,
          words: `the last ROA that allows your ${prefix} by AS${origin} expires at ${until} UTC`,
        });
      }
    }
    this.#before = present;
    return [...found, ...this.#changes.values()];
  }
}
