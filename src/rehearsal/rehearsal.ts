import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MINUTES_PER_DAY, type Minute } from '../features/row.js';
import { firstMinute, watermark } from '../storage/features.js';
import { ScratchSchema } from '../storage/scratchSchema.js';
import { streamHistory } from '../storage/streamHistory.js';
import { type RehearsalOptions, type Rehearsed, rehearseKind } from './kindRehearsal.js';

/** The newest minutes, which the versions score in turn: the first, the second, and the first again. */
export const LIVE_MINUTES = 30;

/** There is too little of the stream to rehearse on; the message says what to do. */
export class NotEnoughHistory extends Error {
  constructor(stream: string, have: number, need: number) {
    super(
      `stream ${stream} has ${have} usable minutes in its training window, and a test of all retrainers needs ${need}: ` +
        `let it run on, or fetch its past with \`routewarden backfill --stream ${stream} --days 7\``,
    );
    this.name = 'NotEnoughHistory';
  }
}

export interface RehearsalReport {
  stream: string;
  from: Minute;
  until: Minute;
  passed: boolean;
  models: Rehearsed[];
}

/**
 * Trains, validates, backs up, swaps in and rolls back a model of each kind on the newest minutes of a stream, by the very
 * code that does so for the running system, in tables and a folder of its own. Nothing of it stays.
 *
 * @throws NotEnoughHistory; the signal's reason when it aborts
 */
export async function rehearse(options: RehearsalOptions): Promise<RehearsalReport> {
  const { pool, stream, kinds, settings, signal } = options;
  const [first, newest] = [await firstMinute(pool, stream), await watermark(pool, stream)];
  const until = newest === null ? 0 : newest + 1;
  const from = Math.max(first ?? until, until - Math.round(settings.trainingDays * MINUTES_PER_DAY) - LIVE_MINUTES);
  const { usable } = await streamHistory(pool).features(stream, from, until - LIVE_MINUTES);
  const have = usable.reduce((sum, one) => sum + one, 0);
  // Of the window, what is held back for validation is not trained on: at most half of it.
  const need = 2 * Math.max(...kinds.map(({ minimumRows }) => minimumRows)) + LIVE_MINUTES;
  if (have < need) throw new NotEnoughHistory(stream, have, need);

  const folder = await mkdtemp(join(tmpdir(), 'routewarden-test-retraining-'));
  try {
    const scratch = await ScratchSchema.open(pool, options.databaseUrl, options.onError);
    try {
      const models: Rehearsed[] = [];
      for (const kind of kinds) {
        signal?.throwIfAborted();
        models.push(
          await rehearseKind({
            ...options,
            settings: { ...settings, shadowMinutes: 0 },
            kind,
            scratch,
            folder,
            from,
            until,
            live: LIVE_MINUTES,
          }),
        );
      }
      return { stream, from, until, passed: models.every(({ passed }) => passed), models };
    } finally {
      await scratch.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
