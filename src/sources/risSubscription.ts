import { z } from 'zod';

const oneOrMore = z.union([z.string().min(1).max(1000), z.array(z.string().min(1).max(1000)).min(1).max(1000)]);

/** A RIS Live subscription (https://ris-live.ripe.net/manual/, "ris_subscribe"); an absent filter lets all through. */
export const risSubscriptionSchema = z.object({
  /** Collector, such as `rrc00`; absent = all collectors (the firehose). */
  host: z.string().min(1).max(100).optional(),
  /** Only messages of this BGP type. */
  type: z.enum(['UPDATE', 'OPEN', 'NOTIFICATION', 'KEEPALIVE', 'RIS_PEER_STATE']).optional(),
  /** Only messages that have this key. */
  require: z.string().min(1).max(100).optional(),
  /** Address of a peer. */
  peer: z.string().min(1).max(100).optional(),
  /** AS numbers in sequence, such as `65001,65002`, with `^` and `$` for the ends of the path. */
  path: z.union([oneOrMore, z.int(), z.array(z.int()).min(1)]).optional(),
  prefix: oneOrMore.optional(),
  /** Default true. */
  moreSpecific: z.boolean().optional(),
  /** Default false. */
  lessSpecific: z.boolean().optional(),
  socketOptions: z
    .object({
      /** Adds the BGP message in hexadecimal as `raw`. */
      includeRaw: z.boolean().optional(),
      /** Answers with `ris_subscribe_ok`. */
      acknowledge: z.boolean().optional(),
    })
    .optional(),
});

export interface RisSubscription extends z.infer<typeof risSubscriptionSchema> {}
