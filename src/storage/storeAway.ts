/** SQLSTATE classes of a server that is away or short of room for a while: connection, resources, operator's intervention, disk. */
const PASSING_CLASSES = ['08', '53', '57', '58'];

/**
 * Whether an error says that PostgreSQL is away for now (restarting, cut off, out of disk), so that the same work may
 * succeed later; a wrong statement or a violated constraint is none of these.
 * Codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function storeIsAway(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return PASSING_CLASSES.includes(code.slice(0, 2));
  if (typeof code === 'string') return ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND'].includes(code);
  return (
    typeof message === 'string' &&
    /^(Connection terminated|timeout exceeded|Client has encountered|Query read timeout)/.test(message)
  );
}

/** Whether a statement had no answer in time, by pg's own words. */
export function gaveNoAnswer(error: unknown): boolean {
  return (error as { message?: unknown }).message === 'Query read timeout';
}
