import { setTimeout as sleep } from 'node:timers/promises';
import { RETRAIN } from '../../queues/retrain.js';
import { type AnyModelKind, kindOf } from '../models/kinds.js';
import type { ModelKindName } from '../models/model.js';
import { loadVersion } from '../registry/load.js';
import { periodically } from '../services/periodic.js';
import type { ServiceContext } from '../services/service.js';
import { runStage } from '../services/stage.js';
import { raiseAlertAlone } from '../storage/alerts.js';
import { DetectorStep, detectorStage } from './detectorStep.js';
import { ScoringRound } from './scoringRound.js';
import { ShadowScoring } from './shadowScoring.js';

const NOTICE_MILLISECONDS = 10_000;
const SHADOW_MILLISECONDS = 2_000;
const SHADOWING = 'scoring versions that shadow';

/**
 * Runs the detectors of one kind for every stream. On the completed event of a retraining the new version is loaded
 * ahead of its first minute; should the event be lost, the detector notices by itself within ten seconds.
 */
export async function detect(context: ServiceContext, kindName: ModelKindName): Promise<void> {
  const { pool, logger } = context;
  const kind = kindOf(kindName, {
    lstmEngine: context.settings.lstmEngine,
    log: (message) => logger.info(message),
  });
  const round = new ScoringRound();
  const detectors = context.settings.streams.map(
    ({ name: stream }) =>
      new DetectorStep({
        pool,
        stream,
        kind,
        round,
        logger,
        load: async (key, versionId) => (await loadVersion(pool, key, versionId, kind)).model,
        onBadVersion: async (key, activation, error) => {
          logger.error(
            { model: key, version: activation.version, error: error.message },
            'cannot load the version, the one before serves on',
          );
          await raiseAlertAlone(
            pool,
            {
              fingerprint: `version ${key} ${activation.version}`,
              kind: 'retrain failing',
              severity: 'major',
              title: `${key} version ${activation.version} cannot be loaded: the version before serves on`,
              lines: [error.message, `what to do: roll back with \`routewarden rollback ${key}\`, or retrain`],
              stream,
              facts: { model: key, version: activation.version },
            },
            new Date(),
          );
        },
      }),
  );
  const prepare = async () => {
    const faults: Error[] = [];
    for (const detector of detectors) {
      await detector.serving.prepare().catch((error: Error) => faults.push(error));
      context.report({ [detector.key]: { version: detector.serving.version } });
    }
    if (faults.length > 0) throw new AggregateError(faults, faults[0]!.message);
  };
  const onFault = (error: Error) => logger.warn({ error: error.message }, 'preparing the next version');
  // A hint alone: it need not hold back the first minutes.
  void context.queues().then(
    (queues) => queues.events(RETRAIN).on('completed', () => void prepare().catch(onFault)),
    (error: Error) => logger.warn({ error: error.message }, 'listening for published versions'),
  );
  const end = periodically(
    { what: `preparing versions of ${kindName}`, milliseconds: NOTICE_MILLISECONDS, round: prepare },
    context,
  );
  const shadowing = runShadows(context, kind);
  await Promise.all(
    detectors.map((detector, index) =>
      runStage(context, {
        name: detectorStage(kindName),
        stream: context.settings.streams[index]!.name,
        wakeOn: ['features', 'activations'],
        byRows: true,
        step: () => detector.step(),
      }),
    ),
  );
  end();
  await shadowing;
}

/** Versions that shadow are scored in a loop of their own, after the serving ones; what fails is tried again. */
async function runShadows(context: ServiceContext, kind: AnyModelKind): Promise<void> {
  const { pool, logger, signal, settings, rounds } = context;
  const shadows = new ShadowScoring({ pool, kind, logger, streams: settings.streams.map(({ name }) => name) });
  while (!signal.aborted) {
    const more = await shadows.step().then(
      (any) => {
        rounds.went(SHADOWING);
        return any;
      },
      (error: Error) => {
        logger.warn({ error: error.message }, `${SHADOWING} failed, and is tried again`);
        rounds.failed(SHADOWING, error);
        return false;
      },
    );
    if (!more) await sleep(SHADOW_MILLISECONDS, undefined, { signal }).catch(() => undefined);
  }
}
