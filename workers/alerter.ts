import { AlertStep } from '../src/incidents/alerts/alertStep.js';
import { beat } from '../src/incidents/alerts/heartbeat.js';
import { pageAddress } from '../src/incidents/alerts/links.js';
import { openChannels } from '../src/incidents/alerts/openChannels.js';
import { AlertOutbox } from '../src/incidents/alerts/outbox.js';
import { watchesOf } from '../src/incidents/alerts/watches/all.js';
import { periodically } from '../src/services/periodic.js';
import { runService } from '../src/services/service.js';
import { runStage } from '../src/services/stage.js';

const LOOK_SECONDS = 5;

await runService('alerter', async (context) => {
  const { pool, settings, logger } = context;
  const channels = openChannels(settings.alerts.channels, pageAddress(settings.dashboard));
  const now = () => new Date();
  const outbox = new AlertOutbox({
    pool,
    settings: settings.alerts,
    channels,
    now,
    random: Math.random,
    log: logger,
    rounds: context.rounds,
  });
  const step = new AlertStep({
    pool,
    outbox,
    now,
    watches: watchesOf(settings),
    remindMinutes: settings.alerts.remindMinutes,
    lookSeconds: LOOK_SECONDS,
    log: logger,
    rounds: context.rounds,
  });
  const report = () => context.report({ channels: channels.map(({ name }) => name), notices: outbox.counts() });
  report();
  const { heartbeat } = settings.alerts;
  const endHeartbeat =
    heartbeat === undefined
      ? () => {}
      : periodically(
          {
            what: 'heartbeat',
            milliseconds: heartbeat.intervalSeconds * 1000,
            round: () => beat(pool, heartbeat),
          },
          context,
        );
  try {
    await runStage(context, {
      name: 'alerter',
      stream: 'all',
      wakeOn: [],
      step: async () => {
        try {
          return await step.step();
        } finally {
          report();
        }
      },
      forget: () => step.forget(),
    });
  } finally {
    endHeartbeat();
    await outbox.close();
    await Promise.allSettled(channels.map((channel) => channel.close()));
  }
});
