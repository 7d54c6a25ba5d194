/**
 * Posts JSON. Redirects are refused: a signed body must go where the operator said and nowhere else.
 * @throws Error with the status and the first of the answer when it is not 2xx
 */
export async function postJson(
  url: string,
  body: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
    signal,
    redirect: 'error',
  });
  const answer = await response.text();
  if (!response.ok) {
    throw new Error(`${new URL(url).host} answered ${response.status}: ${answer.slice(0, 200)}`);
  }
}

/** Aborts with the signal or after so many seconds. */
export function timed(signal: AbortSignal, seconds: number): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)]);
}
