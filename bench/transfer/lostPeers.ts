import { UpdateBatch } from '../../src/bgp/updateBatch.js';
import { rowsOf } from '../../src/evaluation/labelledMinutes.js';
import { detectionOf } from '../../src/evaluation/metrics.js';
import { type TrainedKind, trainKinds, walkWith } from '../../src/evaluation/walk.js';
import { blockFromRows } from '../../src/features/featureBlock.js';
import { type FeatureBlock, MINUTES_PER_DAY } from '../../src/features/row.js';
import { KINDS } from '../../src/models/kinds.js';
import { hashFraction } from '../../src/random/hash.js';
import { seededRandom } from '../../src/random/sfc32.js';
import { batchesOf, recordingFiles } from '../realFeed/recording.js';
import { aggregated } from '../realFeed/rows.js';

/** Shares of the peers that are lost; 0 is the recording as it is. */
const SHARES = [0, 0.25, 0.5, 0.75];
const LOSSES = 20;
const SHORTEST = 5;
const LONGEST = 60;
/** Rows before a loss that any kind needs, and after it in which a verdict may end. */
const CONTEXT = 200;
const AFTER = 60;

export interface Lost {
  /** Of the peers; chosen by their addresses. */
  share: number;
  seed: number;
  losses: number;
  /** Losses flagged from at most five minutes after they end; none of those minutes was flagged before. */
  found: number;
  /** Of those that were found, rising: minutes until then, and verdicts after the peers are back. */
  late: number[];
  outlasted: number[];
}

/**
 * Peers of real updates that say nothing for 5 to 60 minutes: their messages are left out before minutes are made of them. Models learn
 * the first day; losses are drawn into the rest.
 */
export async function lostPeers(
  folder: string,
  seeds: readonly number[],
): Promise<{ alarmsADay: number; lost: Lost[] }> {
  const files = await recordingFiles(folder);
  const blocks: FeatureBlock[] = [];
  for (const share of SHARES) {
    blocks.push(blockFromRows((await aggregated(withoutPeers(batchesOf(files), share))).rows));
    console.error(`without ${share} of the peers: ${blocks.at(-1)!.minutes.length} minutes`);
  }
  const whole = blocks[0]!;
  const rows = Math.min(...blocks.map(({ minutes }) => minutes.length));
  const options = { kinds: KINDS, seed: seeds[0]!, falseAlarmsPerDay: 1 };
  const { kinds } = await trainKinds(rowsOf(whole, 0, MINUTES_PER_DAY), options);
  const { ensemble } = await walkWith(kinds, whole, MINUTES_PER_DAY);
  const alarmsADay = detectionOf(ensemble.anomalous, new Uint8Array(ensemble.score.length)).false_alarms_per_day;
  const lost: Lost[] = [];
  for (const [i, share] of SHARES.entries()) {
    if (share === 0) continue;
    for (const seed of seeds) lost.push({ share, seed, ...(await losses(kinds, whole, blocks[i]!, rows, seed)) });
  }
  return { alarmsADay, lost };
}

async function losses(
  kinds: readonly TrainedKind[],
  whole: FeatureBlock,
  without: FeatureBlock,
  rows: number,
  seed: number,
): Promise<Pick<Lost, 'losses' | 'found' | 'late' | 'outlasted'>> {
  const random = seededRandom(seed);
  const late: number[] = [];
  const outlasted: number[] = [];
  for (let i = 0; i < LOSSES; i++) {
    const minutes = Math.round(SHORTEST * (LONGEST / SHORTEST) ** random());
    const first = MINUTES_PER_DAY + Math.floor(random() * (rows - MINUTES_PER_DAY - minutes - AFTER));
    const start = first - CONTEXT;
    const part = rowsOf(whole, start, first + minutes + AFTER);
    const values = part.values.slice();
    const { columns } = part;
    values.set(without.values.subarray(first * columns, (first + minutes) * columns), CONTEXT * columns);
    const { ensemble: before } = await walkWith(kinds, part, CONTEXT);
    const { ensemble: after } = await walkWith(kinds, { ...part, values }, CONTEXT);
    const near = minutes + SHORTEST;
    const at = after.anomalous.indexOf(1);
    if (at < 0 || at >= near || before.anomalous.subarray(0, near).includes(1)) continue;
    late.push(at);
    let end = minutes;
    while (after.anomalous[end] === 1) end++;
    outlasted.push(end - minutes);
  }
  const rising = (list: number[]): number[] => list.sort((a, b) => a - b);
  return { losses: LOSSES, found: late.length, late: rising(late), outlasted: rising(outlasted) };
}

async function* withoutPeers(batches: AsyncIterable<UpdateBatch>, share: number): AsyncGenerator<UpdateBatch> {
  for await (const batch of batches) yield share === 0 ? batch : spoken(batch, share);
}

/** The batch without the messages of the peers that are lost. */
function spoken(batch: UpdateBatch, share: number): UpdateBatch {
  const { columns } = batch;
  const silent = Array.from(columns.peerAs, (_, peer) => {
    const letters = [...batch.peerText(peer)].map((letter) => letter.charCodeAt(0));
    return hashFraction(1, ...letters) < share;
  });
  const messages: number[] = [];
  const elements: number[] = [];
  let element = 0;
  for (let message = 0; message < columns.kind.length; message++) {
    const end = element + columns.withdrawn[message]! + columns.announced[message]!;
    if (!silent[columns.peer[message]!]) {
      messages.push(message);
      for (let i = element; i < end; i++) elements.push(i);
    }
    element = end;
  }
  return new UpdateBatch({
    ...columns,
    kind: Uint8Array.from(messages, (m) => columns.kind[m]!),
    time: Float64Array.from(messages, (m) => columns.time[m]!),
    peer: Uint32Array.from(messages, (m) => columns.peer[m]!),
    size: Uint32Array.from(messages, (m) => columns.size[m]!),
    origin: Uint8Array.from(messages, (m) => columns.origin[m]!),
    path: Uint32Array.from(messages, (m) => columns.path[m]!),
    withdrawn: Uint32Array.from(messages, (m) => columns.withdrawn[m]!),
    announced: Uint32Array.from(messages, (m) => columns.announced[m]!),
    prefix: Uint32Array.from(elements, (e) => columns.prefix[e]!),
    nextHop: Uint32Array.from(elements, (e) => columns.nextHop[e]!),
    pathId: columns.pathId.length === 0 ? columns.pathId : Uint32Array.from(elements, (e) => columns.pathId[e]!),
  });
}
