import { z } from 'zod';
import { parseAddressBlock } from '../addressBlock.js';

const share = z.number().min(0).max(1);

/** An address block as people write it, such as 192.0.2.0/24 or 2001:db8::/32. */
export const prefixText = z
  .string()
  .trim()
  .toLowerCase()
  .refine((text) => parseAddressBlock(text) !== null, 'expected a prefix such as 192.0.2.0/24');

/** An AS number as people write it: 64500 or "AS64500". */
export const asNumber = z
  .union([z.number().int(), z.string().regex(/^(AS)?\d+$/i, 'expected an AS number such as 64500 or AS64500')])
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

const pathRule = z.strictObject({
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
});

/** One rule, or several, each of which every path must keep. */
const pathRules = z.union([pathRule.transform((rule) => [rule]), z.array(pathRule).max(20)]);

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
export const declaredPrefix = z.strictObject({
  prefix: prefixText,
  origins: z.array(asNumber).optional().describe('Networks that may originate it; absent: `watch.asNumbers`'),
  upstreams: z.array(asNumber).optional().describe('Networks that may stand before yours in its paths; []: none may'),
  downstreams: z.array(asNumber).optional().describe('Networks that may stand behind yours in its paths; []: none may'),
  maximumLength: z.number().int().min(0).max(128).optional().describe('Longest part of it that may be announced'),
  group: z.string().min(1).max(100).optional().describe('Such as the customer that it belongs to'),
  description: z.string().max(300).optional().describe('What it is, for those who read an alert at night'),
  path: pathRules.optional().describe('A rule on its AS paths, or a list of such rules'),
  ignore: z
    .boolean()
    .default(false)
    .describe('Nothing about it or its parts raises an alert: somebody else looks after it'),
  ignoreParts: z.boolean().default(false).describe('Nothing about its parts does, unless they are declared themselves'),
  except: z.array(z.enum(WATCH_KINDS)).default([]).describe('What is not looked for here: new origin, withdrawn, ...'),
});

export const watchSettings = z
  .strictObject({
    asNumbers: z
      .array(asNumber)
      .default([])
      .describe('Your own AS numbers. Without `watch.prefixes` every prefix that they originate is watched'),
    prefixes: z
      .array(z.union([prefixText.transform((prefix) => declaredPrefix.parse({ prefix })), declaredPrefix]))
      .default([])
      .describe(
        'Your own prefixes, and all that lies inside them: each a text, or an object with prefix, origins, upstreams, downstreams, maximumLength, group, description, path (matches, excludes, minimumLength, maximumLength, maximumPrepends, description), ignore, ignoreParts, except',
      ),
    neighbours: z
      .array(asNumber)
      .default([])
      .describe('Neighbours of your AS that are expected: a new link to one of these is not news'),
    upstreams: z
      .array(asNumber)
      .optional()
      .describe('The only networks that may stand before yours in any path; absent: any; []: none'),
    downstreams: z
      .array(asNumber)
      .optional()
      .describe('The only networks that may stand behind yours in any path; absent: any; []: none, as of a stub'),
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
      .describe(
        'Alert when a ROA of yours expires within so many hours; lists name the next expiry of the whole chain',
      ),
    lossSeconds: z
      .number()
      .min(0)
      .max(3600)
      .default(60)
      .describe(
        'How long your prefix must stay lost before it counts, and stay back before that is reported: flaps end sooner',
      ),
  })
  .prefault({})
  .describe('What is yours: routes that contradict it raise an alert at once, whatever else goes on');

export type DeclaredPrefix = z.infer<typeof declaredPrefix>;
export type WatchSettings = z.infer<typeof watchSettings>;
