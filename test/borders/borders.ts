import { gzipSync } from 'node:zlib';
import { driftCheckPayload } from '../../queues/driftCheck.js';
import { readRetrainPayload } from '../../queues/retrain.js';
import { backupHeader, closingLine, tableLine } from '../../src/backup/format.js';
import { decodeMrt } from '../../src/bgp/mrt/decodeMrt.js';
import { BadArchive } from '../../src/bgp/mrt/decompression.js';
import { MrtDecoder } from '../../src/bgp/mrt/mrtDecoder.js';
import { decodeRisLiveMessage } from '../../src/bgp/risLive.js';
import { UpdateBatchBuilder } from '../../src/bgp/updateBatch.js';
import { loadSettings, SettingsError } from '../../src/config/load.js';
import { BadLabelledFile, readLabelledMinutes } from '../../src/evaluation/labelledMinutes.js';
import { readVrps } from '../../src/incidents/rpki/vrpFile.js';
import { parseModelKey } from '../../src/models/modelKey.js';
import { asPath, bgp4mp, bgpMessage, ipv4, NOW, nextHop, origin, prefix, update } from '../bgp/mrtFixture.js';

/** A place where text or bytes from outside come in. */
export interface Border {
  name: string;
  samples: string[];
  /** @returns whether the input was taken; throws what the border throws */
  take(text: string): boolean | Promise<boolean>;
  /** Whether an error is one that the border promises. */
  isTyped(error: unknown): boolean;
  /** Tries of it for one of the others, where a try costs much; 1 when left out. */
  share?: number;
}

const builder = new UpdateBatchBuilder();
/** Batches are finished now and then, as a collector does. */
function finishAt(messages: number): void {
  if (builder.messages > messages) builder.finish();
}

const risMessage = (data: object) =>
  JSON.stringify({
    type: 'ris_message',
    data: { timestamp: 1_767_225_600.5, peer: '192.0.2.1', peer_asn: '64500', ...data },
  });
const minute = Array.from({ length: 42 }, (_, cell) => (cell === 41 ? -1 : cell % 7)).join(',');
const mrt = bgp4mp(
  NOW,
  bgpMessage(
    update(
      [prefix(ipv4('10.0.0.0'), 8)],
      [origin(0), asPath([64500, 3356]), nextHop('192.0.2.1')],
      [prefix(ipv4('192.0.2.128'), 25)],
    ),
  ),
).toString('latin1');
/** The same record, by bzip2: Node.js has no writer of its own. */
const BZIPPED =
  'QlpoOTFBWSZTWWwld4sAAB1vRPxWQGQhAEAQCAACAUAAQAAkCaAAVEU9TA0AA0A1PJCAyDI9QWkncqdk4YirDU00UDfBiLoTMSCay2P0YY8ILDgT2ZZIx3wCBcfu+F3JFOFCQbCV3iw=';

const PIECE = 500;

async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
}

const isError = (start: RegExp) => (error: unknown) => error instanceof Error && start.test(error.message);
const json = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

export const BORDERS: readonly Border[] = [
  {
    name: 'RIS Live',
    samples: [
      risMessage({
        type: 'UPDATE',
        path: [64500, [64501, 64502], 3356],
        origin: 'IGP',
        announcements: [{ next_hop: '192.0.2.1,fe80::1', prefixes: ['198.51.100.0/24', '2001:db8::/32'] }],
        withdrawals: ['203.0.113.0/24'],
      }),
      risMessage({ type: 'RIS_PEER_STATE', state: 'connected' }),
      risMessage({ type: 'KEEPALIVE' }),
      '{"type":"ris_error","data":{"message":"no"}}',
    ],
    take(text) {
      const outcome = decodeRisLiveMessage(text.length % 2 === 0 ? text : Buffer.from(text), builder);
      finishAt(500);
      return outcome.kind !== 'bad';
    },
    isTyped: () => false,
  },
  {
    name: 'MRT',
    samples: [mrt, mrt + mrt],
    take(text) {
      const decoder = new MrtDecoder(builder);
      decoder.push(Buffer.from(text, 'latin1'));
      decoder.decode(Number.POSITIVE_INFINITY);
      decoder.end();
      decoder.decode(Number.POSITIVE_INFINITY);
      finishAt(500);
      return decoder.statistics.updates > 0;
    },
    isTyped: () => false,
  },
  {
    name: 'compressed archive',
    samples: [
      gzipSync(Buffer.from(mrt, 'latin1')).toString('latin1'),
      Buffer.from(BZIPPED, 'base64').toString('latin1'),
    ],
    async take(text) {
      let updates = 0;
      for await (const { batch, statistics } of decodeMrt(pieces(Buffer.from(text, 'latin1')))) {
        if (batch.messages > 0) batch.takeColumns();
        updates = statistics.updates;
      }
      return updates > 0;
    },
    isTyped: (error) => error instanceof BadArchive,
    share: 0.05,
  },
  {
    name: 'VRPs',
    samples: [
      '{"metadata":{"buildtime":"2026-10-01T00:00:00Z"},"roas":[{"asn":"AS64500","prefix":"192.0.2.0/24","maxLength":24,"ta":"ripe","expires":1800000000},{"asn":64501,"prefix":"2001:db8::/32","maxLength":48}]}',
      '{ "metadata": { "generated": 1767225600 }, "roas": [ { "asn": "AS64500", "prefix": "192.0.2.0/24", "maxLength": 24, "ta": "x" } ], "aspas": [[1]] }',
    ],
    async take(text) {
      const { table } = await readVrps(pieces(Buffer.from(text)));
      table.validity('192.0.2.0/24', 64500);
      return table.size > 0;
    },
    isTyped: isError(/^no JSON|^no list "roas"|^it ends in the middle|^none of \d+ entries has/),
  },
  {
    name: 'retrain payload',
    samples: [
      '{"modelKey":"lstm@rrc00","trigger":{"kind":"manual","actor":"me"},"seed":1,"window":{"from":10,"until":20}}',
      '{"modelKey":"heuristic@rrc00","trigger":{"kind":"drift","reportId":7}}',
    ],
    take(text) {
      readRetrainPayload(json(text));
      return true;
    },
    isTyped: isError(/^this is not a retrain payload/),
  },
  {
    name: 'drift check payload',
    samples: ['{"requestedBy":"me"}', '{}'],
    take: (text) => driftCheckPayload.safeParse(json(text)).success,
    isTyped: () => false,
  },
  {
    name: 'settings file',
    samples: [
      '{"streams":[{"name":"rrc00","host":"rrc00"}],"seed":1,"feed":{"url":"wss://ris-live.ripe.net/","graceSeconds":30}}',
      '{"retention":{"featureDays":3},"watch":{"prefixes":["198.51.100.0/24"],"asNumbers":[64500]},"logLevel":"warn"}',
    ],
    take(text) {
      loadSettings({ ROUTEWARDEN_SETTINGS: text });
      return true;
    },
    isTyped: (error) => error instanceof SettingsError,
  },
  {
    name: 'environment',
    samples: ['30', '0', '12.5'],
    take(text) {
      loadSettings({ ROUTEWARDEN_FEED_GRACE_SECONDS: text });
      return true;
    },
    isTyped: (error) => error instanceof SettingsError,
  },
  {
    name: 'labelled CSV',
    samples: [`${minute}\n${minute}\n`, `no row\r\n${minute}`],
    take(text) {
      readLabelledMinutes(text);
      return true;
    },
    isTyped: (error) => error instanceof BadLabelledFile,
  },
  {
    name: 'model key',
    samples: ['lstm@rrc00', 'isolation_forest@route-views2'],
    take(text) {
      parseModelKey(text);
      return true;
    },
    isTyped: (error) => error instanceof Error && error.constructor === Error,
  },
  {
    name: 'backup lines',
    samples: [
      '{"routewarden_backup":1,"program":"0.1.0","created_at":"2026-01-01T00:00:00.000Z","schema":["0001_first"]}',
      '{"table":"features","columns":["minute","stream"]}',
      `{"rows":{"features":1},"sha256":"${'0'.repeat(64)}"}`,
    ],
    take: (text) => [backupHeader, tableLine, closingLine].some((schema) => schema.safeParse(json(text)).success),
    isTyped: () => false,
  },
];
