import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
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
 * Makes way for a new server: one whose starter was killed still runs and holds the directory, so it is stopped; one
 * that was killed itself leaves its children for a moment, and its pid file for ever.
 *
 * @throws Error when it does not end within 20 s
 */
export async function endLeftover(cluster: string, log: (line: string) => void): Promise<void> {
  const pidFile = join(cluster, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
  if (!Number.isInteger(pid) || !isAlive(pid)) return;
  const commandLine = commandLineOf(pid);
  // No /proc on this system, or the number is somebody else's by now: PostgreSQL's own check decides.
  if (commandLine === null || (commandLine !== '' && !commandLine.includes('postgres'))) return;
  if (commandLine !== '') {
    log(`stopping the PostgreSQL server (process ${pid}) that an earlier run left behind`);
    process.kill(pid, 'SIGINT');
  }
  const working = () => (isAlive(pid) && commandLineOf(pid) !== '') || hasProcesses(cluster);
  for (let waited = 0; working(); waited += POLL_MILLISECONDS) {
    if (waited > LONGEST_WAIT_MILLISECONDS)
      throw new Error(`PostgreSQL process ${pid} does not end: stop it by hand, then start again`);
    await new Promise((done) => setTimeout(done, POLL_MILLISECONDS));
  }
  // A zombie that nobody has waited for yet: to PostgreSQL it looks alive.
  if (isAlive(pid)) rmSync(pidFile, { force: true });
}

/** Empty for a zombie; null where the system does not tell. */
function commandLineOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return null;
  }
}

/** Every process of a server works in its cluster's folder. */
function hasProcesses(cluster: string): boolean {
  return readdirSync('/proc').some((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readlinkSync(`/proc/${name}/cwd`) === cluster;
    } catch {
      return false; // it ended meanwhile, or is a zombie
    }
  });
}
