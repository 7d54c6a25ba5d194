import { z } from 'zod';
import { formatPrefix } from '../../bgp/address.js';
import { parseAddressBlock } from '../addressBlock.js';
import { wordsOfBlock } from './prefixIndex.js';

const share = z.number().min(0).max(1);

/** An address block as people write it, in the form in which routes are compared: 2001:db8::/32, not 2001:DB8:0::/32. */
export const prefixText = z
  .string()
  .trim()
  .toLowerCase()
  .transform((text, context) => {
    const block = parseAddressBlock(text);
    if (block !== null) {
      const canonical = formatPrefix(...wordsOfBlock(block));
      if (addressOf(text) === addressOf(canonical)) return canonical;
      context.addIssue({ code: 'custom', message: `has bits behind its length; did you mean ${canonical}?` });
    } else context.addIssue({ code: 'custom', message: 'expected a prefix such as 192.0.2.0/24' });
    return z.NEVER;
  });

/** The address in front of the length, in one form whatever its text. */
function addressOf(prefix: string): string {
  const [address = ''] = prefix.split('/');
  const whole = parseAddressBlock(`${address}/${address.includes(':') ? 128 : 32}`);
  return whole === null ? address : whole.words.join(' ');
}

/** An AS number as people write it: 64500 or "AS64500". */
export const asNumber = z
  .union(
    [z.number().int(), z.string().regex(/^(AS)?\d+$/i, 'expected an AS number such as 64500 or AS64500')],
    'expected an AS number such as 64500 or AS64500',
  )
  .transform((value) => (typeof value === 'number' ? value : Number(value.replace(/^AS/i, ''))))
  .pipe(z.number().int().min(1).max(4_294_967_295));

const LONGEST_EXPRESSION = 200;

/** Matched against the path from the peer to the origin, such as "64497 64496 64500". */
const expression = z
  .string()
  .min(1)
  .max(LONGEST_EXPRESSION)
  .refine((text) => {
    try {
      new RegExp(text);
      return true;
    } catch {
      return false;
    }
  }, 'expected a regular expression, such as " 64496 64500$"');

const pathRule = z
  .strictObject({
    description: z.string().min(1).max(100).optional().describe('What an alert says of a path that breaks it'),
    matches: expression.optional().describe('Every path must match this regular expression'),
    excludes: expression.optional().describe('No path may match this one'),
    minimumLength: z.number().int().min(1).optional().describe('Fewest networks in a path, repetitions not counted'),
    maximumLength: z.number().int().min(1).optional().describe('Most networks in a path, repetitions not counted'),
    maximumPrepends: z
      .number()
      .int()
      .min(0)
      .optional()
      .describe('How often the origin may stand in the path beyond the first time'),
  })
  .refine(({ minimumLength = 1, maximumLength = minimumLength }) => maximumLength >= minimumLength, {
    path: ['maximumLength'],
    error: 'must not be below minimumLength',
  });

/** One rule, or several, each of which every path must keep. */
const pathRules = z.preprocess(
  (given) => (given === undefined || Array.isArray(given) ? given : [given]),
  z.array(pathRule).max(20),
);

/** Kinds of findings that a prefix may be left out of, as people name them. */
export const WATCH_KINDS = [
  'new origin',
  'more specific',
  'withdrawn',
  'new upstream',
  'new downstream',
  'too long',
  'path',
  'roa',
] as const;

/** What one of the operator's prefixes should look like from outside. */
export const declaredPrefix = z
  .strictObject({
    prefix: prefixText,
    origins: z.array(asNumber).optional().describe('Networks that may originate it; absent: `watch.asNumbers`'),
    upstreams: z.array(asNumber).optional().describe('Networks that may stand before yours in its paths; []: none may'),
    downstreams: z
      .array(asNumber)
      .optional()
      .describe('Networks that may stand behind yours in its paths; []: none may'),
    maximumLength: z.number().int().min(0).max(128).optional().describe('Longest part of it that may be announced'),
    group: z.string().min(1).max(100).optional().describe('Such as the customer that it belongs to'),
    description: z.string().max(300).optional().describe('What it is, for those who read an alert at night'),
    path: pathRules.optional().describe('A rule on its AS paths, or a list of such rules'),
    ignore: z
      .boolean()
      .default(false)
      .describe('Nothing about it or its parts raises an alert: somebody else looks after it'),
    ignoreParts: z
      .boolean()
      .default(false)
      .describe('Nothing about its parts does, unless they are declared themselves'),
    except: z
      .array(z.enum(WATCH_KINDS))
      .default([])
      .describe('What is not looked for here: new origin, withdrawn, ...'),
  })
  .superRefine(({ prefix, maximumLength }, context) => {
    if (maximumLength === undefined) return;
    const length = Number(prefix.split('/')[1]);
    const longest = prefix.includes(':') ? 128 : 32;
    if (maximumLength < length || maximumLength > longest) {
      context.addIssue({
        code: 'custom',
        path: ['maximumLength'],
        message: `expected ${length} to ${longest}, as it is of ${prefix}`,
      });
    }
  });

export const watchSettings = z
  .strictObject({
    asNumbers: z
      .array(asNumber)
      .default([])
      .describe('Your own AS numbers. Without `watch.prefixes` every prefix that they originate is watched'),
    prefixes: z
      // not a union: that would say of a wrong one only that it is
      .array(z.preprocess((given) => (typeof given === 'string' ? { prefix: given } : given), declaredPrefix))
      .superRefine((prefixes, context) => {
        const seen = new Set<string>();
        for (const [index, { prefix }] of prefixes.entries()) {
          if (seen.has(prefix))
            context.addIssue({
              code: 'custom',
              path: [index],
              message: `${prefix} is declared twice: keep one of them`,
            });
          seen.add(prefix);
        }
      })
      .default([])
      .describe(
        'Your own prefixes, and all that lies inside them: each a text, or an object with prefix, origins, upstreams, downstreams, maximumLength, group, description, path (matches, excludes, minimumLength, maximumLength, maximumPrepends, description), ignore, ignoreParts, except',
      ),
    neighbours: z.array(asNumber).default([]).describe('Expected neighbours of your AS'),
    upstreams: z
      .array(asNumber)
      .optional()
      .describe('The only networks allowed before yours in any path; absent: any; []: none'),
    downstreams: z
      .array(asNumber)
      .optional()
      .describe('The only networks allowed behind yours in any path; absent: any; []: none'),
    origins: z
      .array(asNumber)
      .default([])
      .describe('Further AS numbers that may originate your prefixes, such as a DDoS scrubbing service'),
    asGroups: z
      .record(z.string().regex(/^AS\d+$/, 'expected an AS number such as AS64500'), z.string().min(1).max(100))
      .default({})
      .describe('Groups of your AS numbers, for what touches none of `watch.prefixes`: {"AS64500": "backbone"}'),
    minimumPeers: z
      .number()
      .int()
      .min(1)
      .default(1)
      .describe('Peers that must see a route that contradicts the declaration before it counts'),
    withdrawnShare: share
      .default(0.5)
      .describe('Share of the peers holding your prefix that must withdraw it before it counts'),
    roaHours: z
      .number()
      .min(0)
      .max(8760)
      .default(3)
      .describe('Alert when a ROA of yours, or its chain, expires within so many hours'),
    lossSeconds: z
      .number()
      .min(0)
      .max(3600)
      .default(60)
      .describe('How long your prefix must stay lost before it counts, and back before that is reported'),
  })
  .prefault({})
  .describe('What is yours: routes that contradict it raise an alert at once, whatever else goes on');

export type DeclaredPrefix = z.infer<typeof declaredPrefix>;
export type WatchSettings = z.infer<typeof watchSettings>;
