import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const POLL_MILLISECONDS = 50;
const LONGEST_WAIT_MILLISECONDS = 20_000;

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * The postmaster that works on a cluster; null when none does. A number in `postmaster.pid` proves nothing by itself: it
 * may have come to belong to another process, so the process must work in the cluster's folder or name it.
 */
export function postmasterOf(cluster: string): number | null {
  let pid: number;
  try {
    pid = Number(readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n')[0]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  return Number.isInteger(pid) && pid > 1 && isAlive(pid) && worksIn(pid, cluster) ? pid : null;
}

/**
 * Makes way for a new server: one whose starter was killed still runs and holds the directory, so it is stopped; one
 * that was killed itself leaves its children for a moment, and its pid file for ever. A process that only has the same
 * number is left alone.
 *
 * @throws Error when it does not end within 20 s
 */
export async function endLeftover(cluster: string, log: (line: string) => void): Promise<void> {
  const pidFile = join(cluster, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const pid = postmasterOf(cluster);
  if (pid !== null) {
    log(`stopping the PostgreSQL server (process ${pid}) that an earlier run left behind`);
    process.kill(pid, 'SIGINT');
  }
  for (let waited = 0; (pid !== null && worksIn(pid, cluster)) || hasProcesses(cluster); waited += POLL_MILLISECONDS) {
    if (waited > LONGEST_WAIT_MILLISECONDS)
      throw new Error(`PostgreSQL on ${cluster} does not end: stop it by hand, then start again`);
    await new Promise((done) => setTimeout(done, POLL_MILLISECONDS));
  }
  // Nothing works there now: PostgreSQL would take whoever has the number now, or a zombie, for its owner.
  rmSync(pidFile, { force: true });
}

/** Every process of a server works in its cluster's folder; without /proc its command line names it. */
function worksIn(pid: number, cluster: string): boolean {
  try {
    if (existsSync('/proc/self/cwd')) return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(cluster);
    return execFileSync('ps', ['-p', String(pid), '-o', 'args='], { encoding: 'utf8' }).includes(`-D ${cluster} `);
  } catch {
    return false; // it ended, is a zombie, or is somebody else's
  }
}

function hasProcesses(cluster: string): boolean {
  if (!existsSync('/proc/self/cwd')) return false;
  return readdirSync('/proc').some((name) => /^\d+$/.test(name) && worksIn(Number(name), cluster));
}
