import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { onChange, type Topic } from './live.js';

export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** @throws ApiError with the server's words */
export async function call<T>(path: string, body?: unknown): Promise<T> {
  const response = await fetch(path, {
    method: body === undefined ? 'GET' : 'POST',
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  }).catch(() => {
    throw new ApiError('The server does not answer. Is it running?', 0);
  });
  const answer = (await response.json().catch(() => ({ error: `The server answered ${response.status}.` }))) as T & {
    error?: string;
  };
  if (response.status === 401 && path !== '/api/login') {
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
  if (!response.ok) throw new ApiError(answer.error ?? `The server answered ${response.status}.`, response.status);
  return answer;
}

export interface Resource<T> {
  value: T | undefined;
  error: string | null;
  reload: () => void;
}

/** What a path gives, fetched again when one of the topics changes; the old value stays until the new one is there. */
export function useResource<T>(path: string | null, topics: readonly Topic[]): Resource<T> {
  const [held, setHeld] = useState<{ path: string | null; value: T | undefined; error: string | null }>({
    path,
    value: undefined,
    error: null,
  });
  const running = useRef({ busy: false, again: false });
  const wanted = useRef(path);
  wanted.current = path;

  const reload = useCallback(async () => {
    const flight = running.current;
    if (flight.busy) {
      flight.again = true;
      return;
    }
    flight.busy = true;
    do {
      flight.again = false;
      const asked = wanted.current;
      if (asked === null) continue;
      try {
        const value = await call<T>(asked);
        if (asked === wanted.current) setHeld({ path: asked, value, error: null });
        else flight.again = true;
      } catch (error) {
        const words = error instanceof Error ? error.message : String(error);
        setHeld((old) => ({ path: asked, value: old.path === asked ? old.value : undefined, error: words }));
      }
    } while (flight.again);
    flight.busy = false;
  }, []);

  useEffect(() => {
    if (path !== null) void reload();
  }, [path, reload]);
  const topicNames = topics.join();
  useEffect(() => onChange(topicNames.split(',') as Topic[], () => void reload()), [topicNames, reload]);
  return { value: held.value, error: held.error, reload: () => void reload() };
}
