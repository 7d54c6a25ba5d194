import { userInfo } from 'node:os';
import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import { openRetrainQueue, RETRAIN } from '../../queues/retrain.js';
import { clearFailures, modelActs } from '../acts/models.js';
import { currentActivation } from '../storage/activations.js';
import { listStreams } from '../storage/streams.js';
import { refusedWords } from '../words/refused.js';
import { readKey, requireStream } from './modelArguments.js';
import { printJson, say } from './output.js';
import { requireQueues, withStore } from './store.js';

export function register(program: Command): void {
  program
    .command('retrain')
    .description('Retrain a model now and wait for the outcome.')
    .argument('<model>', 'such as lstm@rrc00')
    .option('--detach', 'only enqueue it')
    .option('--cancel', 'stop the one that waits, trains or shadows; nothing of it is published')
    .option('--clear', 'forget its failures: a model with too many in a row is not retrained until a person says so')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  routewarden retrain isolation_forest@rrc00\n  routewarden retrain lstm@rrc00 --detach\n  routewarden retrain lstm@rrc00 --cancel\n  routewarden retrain lstm@rrc00 --clear\n\nA training worker must run: `routewarden start`, or `routewarden run trainer`.',
    )
    .action(async (model: string, options: { detach?: boolean; cancel?: boolean; clear?: boolean; json?: boolean }) => {
      const by = { actor: userInfo().username, reason: 'by hand' };
      if (options.clear) {
        // Whatever is there can be cleared, even an invalid key.
        const cleared = await withStore(program, ({ pool }) => clearFailures(pool, model, by));
        if (options.json) printJson({ model, cleared });
        else say(cleared ? `${model}: its failures are forgotten` : `${model} had no failures`);
        return;
      }
      const modelKey = readKey(model);
      if (options.cancel) {
        await withStore(program, async ({ pool, queues, settings }) => {
          await requireQueues(pool, settings);
          const queue = openRetrainQueue(queues);
          await modelActs({ pool, queue, settings: settings.retraining }).cancel(modelKey, by);
        });
        if (options.json) printJson({ model: modelKey, cancelled: true });
        else say(`${modelKey}: the retraining is asked to stop`);
        return;
      }
      const outcome = await withStore(program, async ({ pool, queues, settings }) => {
        requireStream(modelKey, await listStreams(pool));
        await requireQueues(pool, settings);
        const queue = openRetrainQueue(queues);
        const events = queues.events(RETRAIN);
        await events.waitUntilReady();
        const { jobId } = await modelActs({ pool, queue, settings: settings.retraining }).retrain(modelKey, by);
        if (options.detach) return { model: modelKey, job: jobId, state: 'queued' };
        if ((await queue.getWorkersCount()) === 0) say('no training worker runs yet: waiting for one');
        const bar = new SingleBar({
          format: `${modelKey} [{bar}] {percentage}% {message}`,
          stream: process.stderr,
          noTTYOutput: false,
        });
        bar.start(100, 0, { message: 'waiting' });
        events.on('progress', ({ jobId: id, data }) => {
          const progress = data as { fraction?: number; message?: string };
          if (id === jobId) bar.update(Math.round((progress.fraction ?? 0) * 100), { message: progress.message ?? '' });
        });
        try {
          const job = await queue.getJob(jobId);
          const result = (await job!.waitUntilFinished(events)) as {
            state: string;
            version: number;
            reasons: string[];
          };
          const serving = (await currentActivation(pool, modelKey))?.version ?? null;
          const { state, version, reasons } = result;
          return { model: modelKey, job: jobId, state, version, serving, reasons };
        } finally {
          bar.stop();
        }
      });
      const { state } = outcome;
      const isRefused = state === 'rejected' || state === 'held';
      if (isRefused) process.exitCode = 1;
      if (options.json) return printJson(outcome);
      if (outcome.reasons === undefined) return say(`${modelKey}: ${state}, job ${outcome.job}`);
      say(`${modelKey}: ${state} version ${outcome.version}: ${outcome.reasons.join('; ')}`);
      if (isRefused) say(refusedWords(modelKey, outcome.version, outcome.serving));
    });
}
