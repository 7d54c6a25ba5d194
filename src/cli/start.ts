import { Argument, type Command } from 'commander';
import { pino } from 'pino';
import pretty from 'pino-pretty';
import type { Settings } from '../config/settings.js';
import { findService, SERVICES, type ServiceName } from '../services/catalogue.js';
import { logPrinter } from '../services/logLines.js';
import { noteReload, type ReloadOutcome } from '../services/reloadOutcome.js';
import { System } from '../services/system.js';
import { openPool } from '../storage/pool.js';
import { say } from './output.js';
import { settingsOf } from './store.js';

export function register(program: Command): void {
  program
    .command('start')
    .description('Start the whole system, or the named services, and keep them running until Ctrl-C.')
    .addArgument(new Argument('[service...]', 'these alone').choices(SERVICES.map(({ name }) => name)))
    .option('--log-json', 'print the logs as JSON lines')
    .addHelpText(
      'after',
      `
Examples:
  routewarden start
  kill -HUP PID                            it reads its settings again, as \`routewarden reload\` asks it to
  DATABASE_URL=postgres://... REDIS_URL=redis://... routewarden start trainer trainer
                                           two training workers, such as on another machine`,
    )
    .action(async (names: string[], options: { logJson?: boolean }) => {
      const services: ServiceName[] =
        names.length > 0 ? names.map((name) => findService(name).name) : SERVICES.map(({ name }) => name);
      const settings = settingsOf(program);
      const color = process.stderr.isTTY === true;
      const logger = pino(
        { level: settings.logLevel, base: null },
        pretty({ colorize: color, destination: 2, sync: true, translateTime: 'HH:MM:ss' }),
      );
      let end: (reason: string) => void = () => {};
      const ended = new Promise<string>((done) => {
        end = done;
      });
      process.once('SIGINT', () => end('stopping'));
      process.once('SIGTERM', () => end('stopping'));
      const starting = System.start({
        settings,
        logger,
        services,
        onLine: logPrinter({ color, destination: 2, json: options.logJson === true }),
        onHopeless: (service, reason) => {
          process.exitCode = 2;
          end(`${service} cannot run: ${reason}`);
        },
        onDatabaseLost: (code) => {
          process.exitCode = 1;
          end(`the database ended by itself (exit code ${code})`);
        },
      });
      // The dashboard itself logs the page's address, once it listens and knows its port.
      starting.then(
        () =>
          say(
            `${services.length === SERVICES.length ? 'all services' : services.join(', ')} started; Ctrl-C stops them`,
          ),
        () => end('could not start'),
      );
      let reloading: Promise<void> = Promise.resolve();
      const reload = async () => {
        const system = await starting;
        say('reading the settings again');
        const outcome = await reloaded(system, () => settingsOf(program));
        say(outcome.words);
        const pool = openPool(system.database.databaseUrl, { name: 'start', maximum: 1, onError: () => {} });
        try {
          await noteReload(pool, outcome);
        } catch (error) {
          say(`what came of it is not in the audit log: ${(error as Error).message}`);
        } finally {
          await pool.end();
        }
      };
      process.on('SIGHUP', () => {
        reloading = reloading.then(reload);
      });
      const reason = await ended;
      // Asked to end while it was still starting, it first becomes whole: what runs can be stopped in order.
      const system = await starting;
      say(reason);
      await system.stop();
    });
}

async function reloaded(system: System, read: () => Settings): Promise<ReloadOutcome> {
  try {
    const services = await system.reload(read());
    const words =
      services.length === 0
        ? 'no setting has changed: every service goes on'
        : `the new settings are in use: ${services.length} services started afresh`;
    return { isDone: true, words };
  } catch (error) {
    return { isDone: false, words: `the settings stay as they were: ${(error as Error).message}` };
  }
}
