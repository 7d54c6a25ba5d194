import { ColumnRoom } from '../src/bgp/columnRoom.js';
import { AggregatorStep } from '../src/collection/aggregatorStep.js';
import { beginStream } from '../src/collection/beginStream.js';
import { BoundWatch } from '../src/collection/boundWatch.js';
import { healGaps } from '../src/collection/healGaps.js';
import { LATE_SCORING } from '../src/detection/lateStages.js';
import { CORRELATOR } from '../src/incidents/lateCorrelation.js';
import { runService } from '../src/services/service.js';
import { runStage } from '../src/services/stage.js';
import { AGGREGATOR } from '../src/storage/cursors.js';

await runService('aggregator', async (context) => {
  const { features } = context.settings;
  const columns = new ColumnRoom();
  await Promise.all(
    context.settings.streams.map(async ({ name: stream, host, replay }) => {
      const aggregator = new AggregatorStep({
        pool: context.pool,
        stream,
        graceSeconds: context.settings.feed.graceSeconds,
        now: Date.now,
        maximumRoutes: features.routes,
        maximumPeers: features.peers,
        columns,
        unread: ({ message }) =>
          context.logger.warn({ stream, message }, 'the stored routes cannot be read: begins anew with the log'),
        begin: replay === true ? undefined : (loggedMs) => beginStream(context, stream, host, loggedMs),
      });
      const bound = new BoundWatch(stream, features, context.logger);
      const healing = healGaps(context, stream, host, [...LATE_SCORING, CORRELATOR], (...better) =>
        aggregator.takeOver(...better),
      );
      await runStage(context, {
        name: AGGREGATOR,
        stream,
        wakeOn: ['update_batches'],
        byRows: true,
        forget: () => aggregator.forget(),
        step: async () => {
          try {
            const more = await aggregator.step();
            const { watermark, takenUntilMs, holdings } = aggregator;
            if (holdings !== null) bound.look(holdings);
            context.report({ [stream]: { watermark, takenUntilMs, ...holdings } });
            return more;
          } catch (error) {
            aggregator.forget();
            throw error;
          }
        },
      });
      await healing;
    }),
  );
});
