import { hostname } from 'node:os';
import { DelayedError, type SandboxedJob, UnrecoverableError } from 'bullmq';
import { pino } from 'pino';
import { RETRAIN, type RetrainPayload, readRetrainPayload, runOf } from '../queues/retrain.js';
import { codeVersion } from '../src/config/codeVersion.js';
import { loadSettings } from '../src/config/load.js';
import { kindsByName } from '../src/models/kinds.js';
import { RunEnded } from '../src/registry/publish.js';
import { HasFirstVersion } from '../src/retraining/challenger.js';
import { NoFreeSlot } from '../src/retraining/lease.js';
import { runTraining } from '../src/retraining/training.js';
import { sayFarewell } from '../src/services/farewell.js';
import { logOutput } from '../src/services/logOutput.js';
import { openPool } from '../src/storage/pool.js';
import { cancellation } from '../src/storage/retrainCancellations.js';

const CANCELLATION_POLL_MILLISECONDS = 500;
/** When a job that found no room is tried again, milliseconds. */
const SOON = 1_000;
const LATER = 3_000;
const LOG_MILLISECONDS = 1_000;
/** Weeks of minutes are read in seconds. */
const ANSWER_SECONDS = 300;

sayFarewell();
// Its worker is gone, killed perhaps: nobody would hear of this training, and another worker takes the job. BullMQ reports
// each uncaught error to the worker, and where that fails by an uncaught error again, so without this it goes round for ever.
process.once('disconnect', () => process.exit(1));
// It may have gone while this file was loaded.
if (process.send !== undefined && !process.connected) process.exit(1);
process.prependListener('uncaughtException', (error: NodeJS.ErrnoException) => {
  if (!process.connected || error.code === 'EPIPE' || error.code === 'ERR_IPC_CHANNEL_CLOSED') process.exit(1);
});

function readPayload(data: unknown, streams: readonly string[]): RetrainPayload {
  try {
    return readRetrainPayload(data, streams);
  } catch (error) {
    throw new UnrecoverableError((error as Error).message);
  }
}

/** One training in a process of its own, so that the worker's heartbeats and job locks are never late. */
export default async function train(job: SandboxedJob<RetrainPayload>, token?: string): Promise<unknown> {
  // The sign of life that its worker waits for.
  await job.updateProgress({ state: 'starting', fraction: 0, message: 'starting' });
  const { settings } = loadSettings(process.env);
  // As it was typed it fails each time: no second attempt.
  const payload = readPayload(
    job.data,
    settings.streams.map(({ name }) => name),
  );
  const logger = pino({ level: settings.logLevel, base: { service: 'trainer' } }, logOutput(2));
  const pool = openPool(settings.databaseUrl!, {
    name: RETRAIN,
    maximum: 3,
    answerSeconds: ANSWER_SECONDS,
    onError: (error) => logger.warn({ error: error.message }, 'connection problem'),
  });
  const stopping = new AbortController();
  const look = () =>
    cancellation(pool, job.id!).then(
      (actor) => {
        if (actor !== null) stopping.abort(new Error(`cancelled by ${actor}`));
      },
      (error: Error) => logger.warn({ error: error.message }, 'looking for a cancellation'),
    );
  const poll = setInterval(() => void look(), CANCELLATION_POLL_MILLISECONDS);
  // One write at a time: the PostgreSQL store numbers log lines by counting them, and two at once get the same number.
  const lines: string[] = [];
  const writeLog = () => {
    if (lines.length > 0) job.log(lines.splice(0).join('\n'));
  };
  const logging = setInterval(writeLog, LOG_MILLISECONDS);
  try {
    // Its first trainer may have been killed after it was asked to stop.
    await look();
    return await runTraining({
      pool,
      payload,
      kinds: kindsByName({ lstmEngine: settings.lstmEngine, log: (message) => logger.info(message) }),
      settings: settings.retraining,
      incidentPatienceMinutes: settings.drift.patienceMinutes,
      artifactDirectory: settings.artifactDirectory,
      run: runOf(job),
      jobId: job.id!,
      holder: `${hostname()}:${process.pid}`,
      codeVersion: codeVersion(),
      onProgress: (progress) =>
        void job
          .updateProgress(progress)
          .catch((error: Error) => logger.warn({ error: error.message }, 'reporting progress')),
      onLog: (line) => lines.push(line),
      signal: stopping.signal,
    });
  } catch (error) {
    // Cancelled by a person: no second attempt.
    if (stopping.signal.aborted) throw new UnrecoverableError((stopping.signal.reason as Error).message);
    if (error instanceof RunEnded || error instanceof HasFirstVersion) throw new UnrecoverableError(error.message);
    if (!(error instanceof NoFreeSlot)) throw error;
    // Back to the queue, so that its worker is free for a model of which there may be more; a person's comes back sooner.
    await job.moveToDelayed(Date.now() + (payload.trigger.kind === 'manual' ? SOON : LATER), token);
    throw new DelayedError();
  } finally {
    clearInterval(poll);
    clearInterval(logging);
    await pool.end();
  }
}
