import { AGGREGATOR, AggregatorStep } from '../src/collection/aggregatorStep.js';
import { healGaps } from '../src/collection/healGaps.js';
import { LATE_SCORING } from '../src/detection/lateStages.js';
import { CORRELATOR } from '../src/incidents/lateCorrelation.js';
import { runService } from '../src/services/service.js';
import { runStage } from '../src/services/stage.js';

await runService('aggregator', async (context) => {
  await Promise.all(
    context.settings.streams.map(async ({ name: stream, host }) => {
      const aggregator = new AggregatorStep({
        pool: context.pool,
        stream,
        graceSeconds: context.settings.feed.graceSeconds,
        now: Date.now,
      });
      const healing = healGaps(context, stream, host, [...LATE_SCORING, CORRELATOR], (...better) =>
        aggregator.takeOver(...better),
      );
      await runStage(context, {
        name: AGGREGATOR,
        stream,
        wakeOn: ['update_batches'],
        forget: () => aggregator.forget(),
        step: async () => {
          try {
            const more = await aggregator.step();
            context.report({ [stream]: { watermark: aggregator.watermark, takenUntilMs: aggregator.takenUntilMs } });
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
