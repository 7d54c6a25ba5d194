import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../../src/random/random.js';
import { SERVICES, type ServiceName } from '../../../src/services/catalogue.js';
import type { Subject } from '../subject.js';

/** All but the collector: what RIS Live sends while that is away is lost, and shown as a gap (see collector faults). */
export const LOSSLESS: readonly ServiceName[] = SERVICES.map(({ name }) => name).filter((name) => name !== 'collector');

/** @returns whether there was a process to signal */
export function signal(pid: number | undefined, name: NodeJS.Signals): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** Kills a service as the kernel would when memory is short. */
export async function kill(subject: Subject, service: ServiceName): Promise<readonly ServiceName[]> {
  signal(subject.system.supervisor.pidOf(service), 'SIGKILL');
  return [service];
}

/** Stops a process for some seconds and lets it go on, as a paused virtual machine does. */
export async function pause(pids: number[], random: Random): Promise<void> {
  for (const pid of pids) signal(pid, 'SIGSTOP');
  await sleep(1_000 + random.integer(4_000));
  for (const pid of pids) signal(pid, 'SIGCONT');
}

/** The processes in which a trainer's trainings run. */
export function sandboxesOf(subject: Subject): number[] {
  const trainer = subject.system.supervisor.pidOf('trainer');
  if (trainer === undefined) return [];
  try {
    return execFileSync('pgrep', ['-P', String(trainer)], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map(Number);
  } catch {
    return []; // it has none
  }
}
