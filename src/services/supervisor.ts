import type { ChildProcess } from 'node:child_process';
import { hostname } from 'node:os';
import { createInterface } from 'node:readline';
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import { findService, type ServiceName } from './catalogue.js';
import { inlining } from './inlining.js';
import { largePages } from './largePages.js';
import { launchService } from './launch.js';
import { hearPulses } from './pulse.js';
import { hearReady } from './readiness.js';
import { youngHeap } from './youngHeap.js';

const FIRST_BACKOFF_MILLISECONDS = 200;
const STUCK_BACKOFF_MILLISECONDS = 1_000;
const LONGEST_BACKOFF_MILLISECONDS = 15_000;
/** A service that ran for so long has started well: it is not in a crash loop. */
const STEADY_MILLISECONDS = 5_000;
/** How long a reload waits for a service that started afresh: a slow machine needs seconds to load one. */
const READY_MILLISECONDS = 15_000;
const KILL_AFTER_MILLISECONDS = 25_000;
/** A service whose event loop did not turn for so long is stuck: no step of its work takes a tenth of that. */
export const SILENT_MILLISECONDS = 30_000;
/** A service that says its settings are wrong (exit code 2) fails the same way each time. */
const WRONG_SETTINGS = 2;

interface Child {
  name: ServiceName;
  instance: string;
  process: ChildProcess | null;
  restarts: number;
  backoff: number;
  timer?: NodeJS.Timeout;
  /** It is asked to end, and is not to be started again when it does. */
  ending: boolean;
}

/** Starts services as processes, passes their logs on, and restarts with backoff those that end or are stuck. */
export class Supervisor {
  readonly #children: Child[] = [];
  #stopping = false;

  constructor(
    private settings: Settings,
    private readonly logger: Logger,
    /** A line of a service's log: JSON from pino, or bare text. */
    private readonly onLine: (service: ServiceName, line: string) => void,
    /** A service cannot run at all, such as with wrong settings. */
    private readonly onHopeless: (service: ServiceName, reason: string) => void,
    private readonly silentMilliseconds = SILENT_MILLISECONDS,
  ) {}

  start(names: readonly ServiceName[]): void {
    for (const name of names) {
      const number = this.#children.filter((child) => child.name === name).length + 1;
      // The process of every container is number 1: the host tells two on one database apart.
      const instance = `${name}.${hostname()}.${process.pid}.${number}`;
      const child: Child = {
        name,
        instance,
        process: null,
        restarts: 0,
        backoff: FIRST_BACKOFF_MILLISECONDS,
        ending: false,
      };
      this.#children.push(child);
      this.#spawn(child);
    }
  }

  /** The process of a service, for those who want to disturb it. */
  pidOf(name: ServiceName): number | undefined {
    return this.#children.find((child) => child.name === name)?.process?.pid;
  }

  /** SIGTERM to all, SIGKILL to those that have not drained in time. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#children.map((child) => this.#end(child)));
  }

  /**
   * Gives services other settings, one after the other: each drains, starts afresh and works before the
   * next ends, so that at most one is away.
   * @param names of services that it concerns; the others see it when they next start
   */
  async reload(settings: Settings, names: readonly ServiceName[]): Promise<void> {
    this.settings = settings;
    for (const child of this.#children.filter(({ name }) => names.includes(name))) {
      if (this.#stopping) return;
      await this.#end(child);
      if (this.#stopping) return;
      child.ending = false;
      child.backoff = FIRST_BACKOFF_MILLISECONDS;
      const works = await hearReady(this.#spawn(child), READY_MILLISECONDS);
      if (!works && !this.#stopping) this.logger.warn(`${child.name} started afresh and does not work yet`);
    }
  }

  async #end(child: Child): Promise<void> {
    child.ending = true;
    clearTimeout(child.timer);
    const running = child.process;
    if (running?.pid === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((done) => running.once('exit', done));
    running.kill('SIGTERM');
    const timer = setTimeout(() => {
      this.logger.error(`${child.name} did not drain in time and is killed`);
      running.kill('SIGKILL');
    }, KILL_AFTER_MILLISECONDS);
    await ended;
    clearTimeout(timer);
  }

  #spawn(child: Child): ChildProcess {
    const startedAt = performance.now();
    const service = findService(child.name);
    const running = launchService({
      entry: service.entry,
      settings: this.settings,
      flags: [...youngHeap(service), ...inlining(service)],
      environment: {
        ...largePages(service, process.env),
        ROUTEWARDEN_INSTANCE: child.instance,
        ROUTEWARDEN_RESTARTS: String(child.restarts),
      },
      output: 'pipe',
      onError: (error) => {
        this.logger.error({ error: error.message }, `cannot start ${child.name}`);
        // Without a process there is no exit either, such as when the machine has no more of them.
        if (running.pid === undefined && !child.ending) this.#later(child);
      },
    });
    child.process = running;
    let stuck = false;
    hearPulses(running, this.silentMilliseconds, () => {
      stuck = true;
      this.logger.error(`${child.name} gave no sign of life for ${this.silentMilliseconds / 1000} s and is killed`);
      running.kill('SIGKILL');
    });
    for (const stream of [running.stdout, running.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => this.onLine(child.name, line));
    }
    running.once('exit', (code, signal) => {
      if (child.ending) return;
      if (code === WRONG_SETTINGS) return this.onHopeless(child.name, 'its settings are wrong (see above)');
      // A kill from outside says nothing of the service itself; that it was stuck does, however long it ran before.
      if (stuck) child.backoff = Math.max(child.backoff, STUCK_BACKOFF_MILLISECONDS);
      else if (signal === 'SIGKILL' || performance.now() - startedAt > STEADY_MILLISECONDS)
        child.backoff = FIRST_BACKOFF_MILLISECONDS;
      this.logger.warn(
        `${child.name} ended (${signal ?? `exit code ${code}`}): starting it again in ${child.backoff} ms`,
      );
      this.#later(child);
    });
    return running;
  }

  #later(child: Child): void {
    child.timer = setTimeout(() => {
      child.restarts += 1;
      this.#spawn(child);
    }, child.backoff);
    child.backoff = Math.min(child.backoff * 2, LONGEST_BACKOFF_MILLISECONDS);
  }
}
