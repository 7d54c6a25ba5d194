import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { pino } from 'pino';
import { STORY_START } from '../../src/demo/story.js';
import { ArchiveServer } from '../../src/simulation/archiveServer.js';
import { RisLiveServer } from '../../src/simulation/risLiveServer.js';
import { demoScenario, worldOf } from '../../src/simulation/scenario.js';
import { SimulatedWorld } from '../../src/simulation/world.js';
import { freePort } from '../../src/storage/freePort.js';
import { httpReceiver, type Receiver } from '../alerts/receivers.js';
import { type Ended, startRoutewarden } from '../support/command.js';
import { reachableFolder } from '../support/reachableFolder.js';
import { wordsOf } from './documented.js';
import type { Setting } from './settings.js';

export const HISTORY_HOURS = 26;
export const HIJACK = { startMinute: 20, durationMinutes: 15 };
/** So much of the archive is there; the rest of the seven days is missing, as an archive that began late. */
const ARCHIVED_MINUTES = 75;

/** A folder with settings as a reader has them, and what they name: a feed, an archive and a channel. */
export class ReadersFolder {
  /** Of the system that runs in it. */
  databaseUrl = '';

  private constructor(
    readonly path: string,
    readonly feed: RisLiveServer,
    private readonly archive: ArchiveServer,
    readonly receiver: Receiver,
  ) {}

  static async open(): Promise<ReadersFolder> {
    const folder = reachableFolder('routewarden-docs');
    const feed = new RisLiveServer({
      world: worldOf(
        demoScenario(STORY_START, {
          seed: 7,
          historyHours: HISTORY_HOURS,
          liveHours: 6,
          driftHours: 0,
          incidents: [{ class: 'hijack', hijack: 'origin', magnitude: 0.7, ...HIJACK }],
        }),
      ),
      logger: pino({ level: 'silent' }),
    });
    const now = Math.floor(Date.now() / 60_000);
    const first = now - ARCHIVED_MINUTES;
    const archive = new ArchiveServer({
      world: new SimulatedWorld({ seed: 5, startMinute: first - (first % 5), resetsPerWeek: 0 }),
      horizon: () => now,
    });
    const receiver = await httpReceiver();
    const archiveUrl = await archive.listen();
    archive.fault = (path) => (fileMinute(path) < first ? 'missing' : 'none');
    writeFileSync(
      join(folder, 'routewarden.config.json'),
      JSON.stringify({
        streams: [{ name: 'rrc00' }],
        feed: { url: await feed.listen(), clock: 'feed' },
        archive: { url: archiveUrl },
        dashboard: { port: await freePort(), live: false },
        driftCheckIntervalSeconds: 3,
        retraining: { trainingDays: 1, heldBackMinutes: 240, jitterSeconds: 0 },
        alerts: { channels: [{ name: 'noc', type: 'webhook', url: `http://127.0.0.1:${receiver.port}/hook` }] },
      }),
    );
    writeFileSync(join(folder, 'updates.gz'), archive.file(first - (first % 5) + 60));
    return new ReadersFolder(folder, feed, archive, receiver);
  }

  async check(given: readonly string[], setting: Setting): Promise<void> {
    const line = given.join(' ');
    let ended = await this.run(given, setting);
    for (let tries = 1; tries < 4 && setting.again?.test(ended.stdout + ended.stderr); tries += 1)
      ended = await this.run(given, setting);
    const said = `${ended.stdout}\n${ended.stderr}`;
    const wanted = [setting.code ?? 0].flat();
    expect({ line, said }).toEqual({ line, said: expect.stringMatching(setting.shows) });
    expect({ line, said, ended: wanted.includes(ended.code ?? -1) }).toEqual({ line, said, ended: true });
  }

  /** Runs a command in its setting; what goes on by itself is told to stop once it is at work. */
  private async run(given: readonly string[], { environment, until, ...setting }: Setting): Promise<Ended> {
    const { databaseUrl } = this;
    const started = startRoutewarden(wordsOf(given, setting), environment?.({ databaseUrl }) ?? {}, this.path);
    const patience = setTimeout(() => started.process.kill('SIGKILL'), 240_000);
    try {
      if (until !== undefined) {
        await started.saying(until);
        started.process.kill('SIGTERM');
      }
      return await started.ended;
    } finally {
      clearTimeout(patience);
    }
  }

  async close(): Promise<void> {
    await this.feed.close();
    await this.archive.close();
    this.receiver.close();
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The minute at which an archived file begins. */
function fileMinute(path: string): number {
  const [, year, month, day, hour, minute] = /updates\.(\d{4})(\d\d)(\d\d)\.(\d\d)(\d\d)\.gz/.exec(path) ?? [];
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute)) / 60_000;
}
