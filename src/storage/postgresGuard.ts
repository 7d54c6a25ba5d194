import { type ChildProcess, spawn } from 'node:child_process';
import type { User } from './postgresHome.js';

/**
 * Waits for its standard input to end, which the kernel does when the starter is gone, however it went. Then it asks the
 * postmaster for a fast shutdown, if the process with that number still works in the cluster.
 */
const SCRIPT = `
read -r word && exit 0
cd "$1" 2>/dev/null || exit 0
read -r pid < postmaster.pid || exit 0
[ "$pid" = "$2" ] || exit 0
if [ -e /proc/self/cwd ]; then
  [ "$(readlink "/proc/$pid/cwd")" = "$(pwd -P)" ] || exit 0
else
  case "$(ps -p "$pid" -o args=)" in *"-D $1 "*) ;; *) exit 0 ;; esac
fi
kill -INT "$pid"
`;

/** Ends the own PostgreSQL when this process is killed. A shell does it: it takes a megabyte, where Node takes forty. */
export class PostgresGuard {
  private constructor(private readonly shell: ChildProcess | null) {}

  static watch(cluster: string, postmaster: number, user: User | null, log: (line: string) => void): PostgresGuard {
    if (process.platform === 'win32') return new PostgresGuard(null);
    const shell = spawn('/bin/sh', ['-c', SCRIPT, 'routewarden-guard', cluster, String(postmaster)], {
      ...(user ?? {}),
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      cwd: '/',
    });
    shell.on('error', (error) => log(`nothing would stop PostgreSQL after a kill of this process: ${error.message}`));
    shell.stdin!.on('error', () => {}); // it has ended
    shell.unref();
    (shell.stdin as unknown as { unref(): void }).unref();
    return new PostgresGuard(shell);
  }

  /** The server was stopped in order. */
  dismiss(): void {
    this.shell?.stdin?.end('over\n');
  }
}
