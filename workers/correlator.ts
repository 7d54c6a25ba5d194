import { LATE_SCORING } from '../src/detection/lateStages.js';
import { correlateNext } from '../src/incidents/correlationStep.js';
import { historyBefore } from '../src/incidents/history.js';
import type { IncidentChange } from '../src/incidents/incident.js';
import { correlateLate } from '../src/incidents/lateCorrelation.js';
import { RelationSource } from '../src/incidents/relations/relationSource.js';
import { OwnRoas } from '../src/incidents/rpki/ownRoas.js';
import { VrpSource } from '../src/incidents/rpki/vrpSource.js';
import { Declaration } from '../src/incidents/watch/declaration.js';
import { WatchStep } from '../src/incidents/watch/watchStep.js';
import { WatchList } from '../src/incidents/watchList.js';
import { runService } from '../src/services/service.js';
import { runStage } from '../src/services/stage.js';
import { WATCH_STAGE } from '../src/storage/cursors.js';

await runService('correlator', async (context) => {
  const watchList = new WatchList(context.settings.watch);
  const declaration = new Declaration(context.settings.watch);
  const now = () => new Date();
  const vrps = new VrpSource({ settings: context.settings.rpki, now, log: context.logger });
  const given = new RelationSource({ path: context.settings.incidents.asRelations, now, log: context.logger });
  const ownRoas = new OwnRoas(declaration, context.settings.watch.roaHours);
  const log = (stream: string, changes: readonly IncidentChange[]) => {
    for (const { type, incident } of changes) {
      context.logger.info(
        { stream, severity: incident.severity, class: incident.class },
        `incident ${type}: ${incident.class}: ${incident.reasons[0]?.words ?? 'no reason yet'}`,
      );
    }
  };
  const watches = context.settings.streams.map(({ name: stream, replay }) => {
    const { pool, settings } = context;
    const past = () => historyBefore(settings, stream, now());
    const { validityOf } = vrps;
    const live = settings.feed.clock === 'wall' && replay !== true;
    const shared = { validityOf, settings: settings.incidents, now, historyBefore: past };
    return { stream, past, watch: new WatchStep({ pool, stream, declaration, live, ...shared }) };
  });
  await vrps.keepFresh(context.signal, () => {
    const problems = ownRoas.look(vrps.covering, now());
    context.report({ rpki: vrps.state, ...(problems === null ? {} : { roas: problems }) });
    for (const { watch } of watches) watch.judgeAll();
  });
  await Promise.all(
    watches.flatMap(({ stream, watch, past }) => [
      runStage(context, {
        name: WATCH_STAGE,
        stream,
        wakeOn: ['update_batches'],
        step: async () => {
          const { more, changes } = await watch.step();
          log(stream, changes);
          return more;
        },
        forget: () => watch.forget(),
      }),
      runStage(context, {
        name: 'correlator',
        stream,
        wakeOn: ['verdicts'],
        byRows: true,
        step: async () => {
          await given.refreshIfDue();
          const options = {
            settings: context.settings.incidents,
            relations: given.relations,
            watchList,
            validityOf: vrps.validityOf,
            now,
            historyBefore: past,
          };
          const { minutes, changes } = await correlateNext(context.pool, stream, options);
          const late = await correlateLate(context.pool, stream, LATE_SCORING, options);
          log(stream, [...changes, ...late.changes]);
          return minutes + late.minutes > 0;
        },
      }),
    ]),
  );
});
