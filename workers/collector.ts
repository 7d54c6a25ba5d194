import { Collector } from '../src/collection/collector.js';
import { runService } from '../src/services/service.js';
import { RisLiveSource } from '../src/sources/risLive.js';
import type { StageLock } from '../src/storage/stageLocks.js';

const TICK_MILLISECONDS = 250;

await runService('collector', async (context) => {
  const { settings, pool, logger, signal } = context;
  // A stream for replays has no feed, and its collector's lock is left to whoever replays.
  const live = settings.streams.filter(({ replay }) => replay !== true);
  if (live.length === 0) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  await Promise.all(
    live.map(async ({ name: stream, host }) => {
      let held: StageLock | null = null;
      const holdLock = async () => {
        held ??= await context.locks.take(
          'collector',
          stream,
          (error) => {
            held = null;
            logger.warn({ error: error.message, stream }, "lost the collector's lock, taking it again");
          },
          signal,
        );
      };
      await holdLock();
      const collector = new Collector({
        pool,
        stream,
        logger,
        clock: settings.feed.clock,
        flushMilliseconds: settings.feed.flushMilliseconds,
        flushMessages: settings.feed.flushMessages,
        now: Date.now,
        elapsed: () => performance.now(),
        holdLock,
        severalHosts: host === undefined,
        checkRaw: settings.feed.checkRaw,
      });
      await collector.open();
      const isLive = settings.feed.clock === 'wall';
      const source = new RisLiveSource({
        url: settings.feed.url,
        subscription: {
          ...(host === undefined ? {} : { host }),
          socketOptions: { acknowledge: true, includeRaw: settings.feed.checkRaw },
        },
        ...(isLive ? { silenceSeconds: settings.feed.stallSeconds } : {}),
        logger,
        random: Math.random,
      });
      let connected = false;
      let failure: unknown = null;
      const ended = new AbortController();
      const stop = AbortSignal.any([signal, ended.signal]);
      const timer = setInterval(() => {
        collector.tick(connected).catch((error: unknown) => {
          failure = error;
          ended.abort();
        });
        context.report({ [stream]: { connected, reason: source.away, ...collector.counts } });
        const ahead = collector.setAsideWords;
        if (ahead === null) context.rounds.went(`clocks of ${stream}`);
        else context.rounds.failed(`clocks of ${stream}`, new Error(ahead));
      }, TICK_MILLISECONDS);
      try {
        await source.run(
          {
            onMessage: (text) => collector.message(text),
            onConnected: () => {
              connected = true;
              logger.info({ stream }, `connected to ${new URL(settings.feed.url).host}`);
            },
            onDisconnected: (reason) => {
              connected = false;
              collector.disconnected(reason);
            },
            onStalled: (reason) => {
              logger.warn({ stream, reason }, 'the feed is silent');
            },
          },
          stop,
        );
      } finally {
        clearInterval(timer);
      }
      if (failure !== null) throw failure;
      await collector.flush();
      await (held as StageLock | null)?.release();
    }),
  );
});
