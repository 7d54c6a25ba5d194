import { proxiedFetch } from '../../../sources/http/proxy.js';

const fetchAny = proxiedFetch(process.env);

/** The receiver answered, but not with yes. */
export class Refused extends Error {
  constructor(
    message: string,
    readonly status: number,
    /** The header as it came: seconds, or a date (RFC 9110, 10.2.3). */
    private readonly retryAfter: string | null,
  ) {
    super(message);
    this.name = 'Refused';
  }

  /** The time before which the receiver wants to hear nothing, within a day; null when it did not say. */
  retryAt(now: Date): Date | null {
    if (this.retryAfter === null) return null;
    const text = this.retryAfter.trim();
    const at = /^\d+$/.test(text) ? now.getTime() + Number(text) * 1000 : Date.parse(text);
    if (Number.isNaN(at)) return null;
    return new Date(Math.min(at, now.getTime() + LONGEST_WAIT));
  }
}

const LONGEST_WAIT = 86_400_000;

/** What went wrong in words: fetch hides the reason ("connection refused") in the cause. */
export function describeFault(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

/** Whether whoever was to have a notice is there and would not take this one, so that another may be taken. */
export function wasTurnedDown(cause: unknown): boolean {
  if (cause instanceof Refused) return cause.status >= 400 && cause.status < 500 && ![408, 429].includes(cause.status);
  if (!(cause instanceof Error)) return false;
  // Of SMTP (RFC 5321, 4.2.1): 5yz is said of this very mail.
  const { responseCode, command } = cause as { responseCode?: number; command?: string };
  if (responseCode !== undefined) return responseCode >= 500 && command !== 'CONN' && !command?.startsWith('AUTH');
  // A notice that the channel cannot put into words; fetch names the network's faults by a cause.
  return ['TypeError', 'RangeError', 'SyntaxError'].includes(cause.name) && cause.cause === undefined;
}

/**
 * Posts JSON, or puts it. Redirects are refused: a signed body must go where the operator said and nowhere else.
 * @throws Refused with the status and the first of the answer when it is not 2xx
 */
export async function postJson(
  url: string,
  body: string,
  headers: Record<string, string>,
  signal: AbortSignal,
  method: 'POST' | 'PUT' | 'PATCH' = 'POST',
): Promise<void> {
  const response = await fetchAny(url, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body,
    signal,
    redirect: 'error',
  });
  const answer = await beginning(response);
  if (response.ok) return;
  throw new Refused(
    `${new URL(url).host} answered ${response.status}: ${answer}`,
    response.status,
    response.headers.get('retry-after'),
  );
}

/** What is read of an answer, however much is sent. */
const ANSWER_BYTES = 4_096;
const ANSWER_LETTERS = 200;

async function beginning(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, ANSWER_BYTES).slice(0, ANSWER_LETTERS);
}

/** Aborts with the signal or after so many seconds. */
export function timed(signal: AbortSignal, seconds: number): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)]);
}
