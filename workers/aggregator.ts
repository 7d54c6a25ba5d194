import { AGGREGATOR, AggregatorStep } from '../src/collection/aggregatorStep.js';
import { runService } from '../src/services/service.js';
import { runStage } from '../src/services/stage.js';

await runService('aggregator', async (context) => {
  await Promise.all(
    context.settings.streams.map(({ name: stream }) => {
      const aggregator = new AggregatorStep({
        pool: context.pool,
        stream,
        graceSeconds: context.settings.feed.graceSeconds,
        now: Date.now,
      });
      return runStage(context, {
        name: AGGREGATOR,
        stream,
        wakeOn: ['update_batches'],
        forget: () => aggregator.forget(),
        step: async () => {
          try {
            const more = await aggregator.step();
            context.report({ [stream]: { watermark: aggregator.watermark } });
            return more;
          } catch (error) {
            aggregator.forget();
            throw error;
          }
        },
      });
    }),
  );
});
