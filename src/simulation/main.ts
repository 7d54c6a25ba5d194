/**
 * The simulated RIS Live service as a process of its own:
 *
 *   node dist/src/simulation/main.js --script '{"seed":1,"startMinute":29500000}' [--port N] [--control-port N]
 *
 * Prints one JSON line `{"ris_live","control","archive"}` with its URLs (and sends it to a parent that forked it), then
 * serves until SIGTERM, SIGINT or the parent's end. `control.ts` has the control API.
 */
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { z } from 'zod';
import { ArchiveServer } from './archiveServer.js';
import { churnSchema } from './churn.js';
import { SimulationControl } from './control.js';
import { RisLiveServer } from './risLiveServer.js';
import { scriptedDriftSchema, scriptedIncidentSchema, scriptedJoinSchema } from './script.js';
import { SimulatedWorld } from './world.js';

const port = z.coerce.number().int().min(0).max(65_535);
const argumentsSchema = z.object({
  script: z.string().transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      context.addIssue({ code: 'custom', message: `no JSON: ${(error as Error).message}` });
      return z.NEVER;
    }
  }),
  port: port.default(0),
  'control-port': port.default(0),
  'archive-port': port.default(0),
  'no-wait': z.boolean().default(false),
});
/** What `--script` takes; a `Scenario` of scenario.ts is one. */
const scriptSchema = z.object({
  seed: z.int(),
  startMinute: z.int().nonnegative(),
  incidents: z.array(scriptedIncidentSchema).default([]),
  drift: z.array(scriptedDriftSchema).default([]),
  join: scriptedJoinSchema.optional(),
  messagesPerMinute: z.number().positive().max(100_000).optional(),
  resetsPerWeek: z.number().min(0).max(7).optional(),
  churn: churnSchema.optional(),
  host: z.string().min(1).max(60).optional(),
});

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      script: { type: 'string' },
      port: { type: 'string' },
      'control-port': { type: 'string' },
      'archive-port': { type: 'string' },
      'no-wait': { type: 'boolean' },
    },
  });
  const settings = argumentsSchema.parse(values);
  const script = scriptSchema.parse(settings.script);
  const world = new SimulatedWorld(script);
  const logger = pino({ name: 'simulation' }, pino.destination(2));
  const server = new RisLiveServer({ world, logger, port: settings.port, waitForSubscriber: !settings['no-wait'] });
  const control = new SimulationControl(server, world, logger);
  // A world of its own, as both walk through the minutes at their own pace.
  const archive = new ArchiveServer({ world: new SimulatedWorld(script), horizon: () => server.state.position });
  const urls = {
    ris_live: await server.listen(),
    control: await control.listen(settings['control-port']),
    archive: await archive.listen(settings['archive-port']),
  };
  process.stdout.write(`${JSON.stringify(urls)}\n`);
  process.send?.(urls);
  const stop = () => {
    Promise.all([server.close(), control.close(), archive.close()]).then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  process.once('disconnect', stop);
}

main().catch((error: unknown) => {
  const text = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
  process.stderr.write(`simulation: ${text}\n`);
  process.exitCode = error instanceof z.ZodError ? 2 : 1;
});
