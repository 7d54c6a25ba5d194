import { ENSEMBLE, EnsembleStep } from '../src/detection/ensembleStep.js';
import { runService } from '../src/services/service.js';
import { runStage } from '../src/services/stage.js';

await runService('ensemble', async (context) => {
  await Promise.all(
    context.settings.streams.map(({ name: stream }) => {
      const ensemble = new EnsembleStep({
        pool: context.pool,
        stream,
        waitSeconds: context.settings.ensembleWaitSeconds,
        falseAlarmsPerDay: context.settings.ensembleFalseAlarmsPerDay,
      });
      return runStage(context, {
        name: ENSEMBLE,
        stream,
        wakeOn: ['scores', 'features'],
        byRows: true,
        step: () => ensemble.step(),
      });
    }),
  );
});
