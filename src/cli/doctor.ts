import type { Command } from 'commander';
import {
  checkAlerts,
  checkArtifacts,
  checkHoldings,
  checkModels,
  checkRpki,
  checkServices,
  checkStreams,
  checkWork,
} from './doctorChecks.js';
import { checkDatabase, checkDisk, checkRedis, databaseAway, type Finding } from './doctorStores.js';
import { printJson } from './output.js';
import { lookAt, settingsOf } from './store.js';

export function register(program: Command): void {
  program
    .command('doctor')
    .description('Check the stores, the feed, services, models, alerts, disk and clocks; each problem has its remedy.')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  routewarden doctor\n\nExit code 1 when something is wrong.')
    .action(async (options: { json?: boolean }) => {
      const settings = settingsOf(program);
      const findings = [...(await inDatabase(program)), ...(await checkRedis(settings)), await checkDisk(settings)];
      const healthy = findings.every(({ ok }) => ok);
      if (options.json) {
        printJson({ healthy, findings: findings.map((one) => ({ ...one, remedy: one.ok ? '' : one.remedy })) });
      } else {
        for (const { check, ok, finding, remedy } of findings) {
          process.stdout.write(
            `${ok ? 'ok     ' : 'PROBLEM'}  ${check}: ${finding}\n${ok ? '' : `         -> ${remedy}\n`}`,
          );
        }
      }
      if (!healthy) process.exitCode = 1;
    });
}

async function inDatabase(program: Command): Promise<Finding[]> {
  let opened = false;
  try {
    // Redis has a check of its own: its absence must not hide what the database knows.
    return await lookAt(program, async ({ pool, settings }) => {
      opened = true;
      return [
        ...(await checkDatabase(pool)),
        ...(await checkStreams(pool, settings)),
        ...(await checkHoldings(pool, settings)),
        await checkServices(pool, settings),
        await checkWork(pool),
        await checkModels(pool, settings),
        await checkArtifacts(pool),
        await checkAlerts(pool, settings),
        ...(await checkRpki(pool, settings)),
      ];
    });
  } catch (error) {
    if (opened) throw error;
    return [databaseAway(error as Error)];
  }
}
