import { z } from 'zod';

const limits = (major: number, critical: number, what: string) =>
  z
    .strictObject({
      major: z.number().positive().default(major).describe(`${what} from which an incident is major`),
      critical: z.number().positive().default(critical).describe(`${what} from which it is critical`),
    })
    .refine(({ major, critical }) => major <= critical, {
      path: ['critical'],
      error: 'must be at least what is major',
    })
    .prefault({});

const share = z.number().min(0).max(1);

export const rpkiSettings = z
  .strictObject({
    vrps: z
      .string()
      .optional()
      .describe('File or http(s) URL of validated ROA payloads as JSON, as rpki-client and Routinator write it'),
    refreshSeconds: z.number().int().min(60).default(1800).describe('How often the file or URL is read again'),
    timeoutSeconds: z.number().int().min(1).default(60).describe('How long a download may take'),
    maximumAgeHours: z
      .number()
      .positive()
      .default(24)
      .describe('A list made longer ago is reported by `doctor`, and takes the place of none read before'),
    leastShare: share
      .default(0.8)
      .describe(
        'A list with less than this share of the VRPs in use, in all or of one trust anchor, replaces them only once they are `maximumAgeHours` old',
      ),
    mostExpiring: share
      .default(0.2)
      .describe('Alert when a greater share of the VRPs of one trust anchor expires within `expiringHours`; 1: never'),
    expiringHours: z
      .number()
      .positive()
      .max(168)
      .default(2)
      .describe('See `mostExpiring`; the relying party renews a healthy anchor much earlier'),
    maximumBytes: z.number().int().positive().default(512_000_000).describe('Greatest accepted size of the JSON'),
  })
  .prefault({})
  .describe('RPKI origin validation of culprit routes (RFC 6811)');

export const incidentSettings = z
  .strictObject({
    quietMinutes: z.number().int().min(0).max(1440).default(10).describe('Quiet minutes after which an incident ends'),
    standingMinutes: z
      .number()
      .int()
      .min(0)
      .max(1440)
      .default(60)
      .describe(
        'The same for a hijack, a leak or an outage that no model has flagged: it stands without news until routes come back',
      ),
    inPlaceMinutes: z
      .number()
      .int()
      .min(0)
      .max(1440)
      .default(180)
      .describe('The same for one at or over `major` whose routes are known to be in place still'),
    gapMinutes: z
      .number()
      .int()
      .min(0)
      .max(10_080)
      .default(60)
      .describe('Minutes without a feed after which an open incident ends, since nothing more is known of it'),
    lookBackMinutes: z
      .number()
      .int()
      .min(0)
      .max(60)
      .default(15)
      .describe('Minutes before the first anomalous one whose evidence counts: detection smooths, so it is late'),
    baselineMinutes: z
      .number()
      .int()
      .min(5)
      .max(1440)
      .default(60)
      .describe('Regular minutes before the look-back that an incident is compared with'),
    maximumHours: z
      .number()
      .positive()
      .default(24)
      .describe(
        'An incident that lasts longer is closed as the new normal; minutes of its level open no other one, those of twice or half of it do',
      ),
    minimumScore: share.default(0.5).describe('Score below which no class is named: the incident is "unknown"'),
    switchMargin: share
      .default(0.1)
      .describe('By how much another class must lead before an open incident changes its class'),
    evidence: z
      .strictObject({
        enabled: z.boolean().default(true).describe('Routes that speak for themselves open an incident by themselves'),
        peerShare: share
          .default(0.5)
          .describe('Share of the peers that must see a new origin or more-specific to open an incident'),
        minimumPeers: z
          .number()
          .int()
          .min(1)
          .default(2)
          .describe('Fewest peers that must see it, whatever their share'),
        holders: z
          .number()
          .int()
          .min(2)
          .default(3)
          .describe(
            'Holders whose prefixes one network takes at once, which makes it a hijack however few peers see it',
          ),
        warmUpMinutes: z
          .number()
          .int()
          .min(0)
          .default(30)
          .describe('Minutes without a gap before such evidence counts: a table just learnt makes everything look new'),
        outagePrefixes: z
          .number()
          .int()
          .min(1)
          .default(20)
          .describe('Prefixes of one origin lost by most peers within a minute that open an incident'),
        outageNetworks: z
          .number()
          .int()
          .min(2)
          .default(3)
          .describe('Networks that lose prefixes together, of which half as many (`outagePrefixes`) then open one'),
        perDay: z
          .number()
          .int()
          .min(1)
          .default(6)
          .describe(
            'Alerts a day that you are ready to read: fewer raise the suspicion from which an unwatched event is major',
          ),
      })
      .prefault({}),
    size: z
      .strictObject({
        hijackPrefixes: limits(1, 10, 'Hijacked prefixes'),
        leakRoutes: limits(20, 500, 'Leaked routes'),
        outagePrefixes: limits(5, 50, 'Prefixes lost by most peers'),
        surge: limits(4, 20, 'Updates as a multiple of the ordinary'),
        resetPeers: limits(3, 10, 'Peers whose session was reset'),
      })
      .prefault({})
      .describe('How large each class must be for each severity'),
    asRelations: z
      .string()
      .optional()
      .describe(
        'File of AS relations as CAIDA writes it (provider|customer|-1, peer|peer|0; plain, gzip or bzip2), looked at again every ten minutes',
      ),
    asNames: z
      .string()
      .optional()
      .describe(
        'File of AS names for the page and its reports, as RIPE (`asnames.txt`) or CAIDA (`as-org2info.txt`) writes it; plain, gzip or bzip2; never fetched',
      ),
    relatedMinutes: z
      .number()
      .int()
      .min(0)
      .default(15)
      .describe('Incidents of other streams starting within these minutes of one another may be one event'),
  })
  .prefault({});

export type RpkiSettings = z.infer<typeof rpkiSettings>;
export type IncidentSettings = z.infer<typeof incidentSettings>;
