import { correlateNext } from '../src/incidents/correlationStep.js';
import { WatchList } from '../src/incidents/watchList.js';
import { runService } from '../src/services/service.js';
import { runStage } from '../src/services/stage.js';

await runService('correlator', async (context) => {
  const watchList = new WatchList(context.settings.watch);
  await Promise.all(
    context.settings.streams.map(({ name: stream }) =>
      runStage(context, {
        name: 'correlator',
        stream,
        wakeOn: ['verdicts'],
        step: async () => {
          const { minutes, changes } = await correlateNext(context.pool, stream, {
            settings: context.settings.incidents,
            watchList,
            validityOf: () => undefined,
            now: () => new Date(),
          });
          for (const { type, incident } of changes) {
            context.logger.info(
              { stream, severity: incident.severity, class: incident.class },
              `incident ${type}: ${incident.class}: ${incident.reasons[0]?.words ?? 'no reason yet'}`,
            );
          }
          return minutes > 0;
        },
      }),
    ),
  );
});
