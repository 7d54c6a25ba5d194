import { LATE_SCORING } from '../src/detection/lateStages.js';
import { correlateNext } from '../src/incidents/correlationStep.js';
import { historyBefore } from '../src/incidents/history.js';
import { correlateLate } from '../src/incidents/lateCorrelation.js';
import { VrpSource } from '../src/incidents/rpki/vrpSource.js';
import { WatchList } from '../src/incidents/watchList.js';
import { runService } from '../src/services/service.js';
import { runStage } from '../src/services/stage.js';

await runService('correlator', async (context) => {
  const watchList = new WatchList(context.settings.watch);
  const vrps = new VrpSource({ settings: context.settings.rpki, now: () => new Date(), log: context.logger });
  await vrps.keepFresh(context.signal, () => context.report({ rpki: vrps.state }));
  await Promise.all(
    context.settings.streams.map(({ name: stream }) =>
      runStage(context, {
        name: 'correlator',
        stream,
        wakeOn: ['verdicts'],
        step: async () => {
          const options = {
            settings: context.settings.incidents,
            watchList,
            validityOf: vrps.validityOf,
            now: () => new Date(),
            historyBefore: () => historyBefore(context.settings, stream, new Date()),
          };
          const { minutes, changes } = await correlateNext(context.pool, stream, options);
          const late = await correlateLate(context.pool, stream, LATE_SCORING, options);
          for (const { type, incident } of [...changes, ...late.changes]) {
            context.logger.info(
              { stream, severity: incident.severity, class: incident.class },
              `incident ${type}: ${incident.class}: ${incident.reasons[0]?.words ?? 'no reason yet'}`,
            );
          }
          return minutes + late.minutes > 0;
        },
      }),
    ),
  );
});
