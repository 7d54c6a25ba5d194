import { useEffect, useState } from 'preact/hooks';

/** After this long without a word from the server, what is shown counts as stale, in milliseconds. */
const SILENCE = 12_000;

export type Topic = 'minute' | 'incidents' | 'models' | 'services' | 'watch';
export interface Connection {
  /** null while all is well */
  trouble: string | null;
  lastHeard: number;
}

type State = Record<Topic, string>;

let state: Partial<State> = {};
let connection: Connection = { trouble: null, lastHeard: Date.now() };
const onState = new Set<(changed: ReadonlySet<Topic>) => void>();
const onConnection = new Set<(connection: Connection) => void>();

function connected(next: Connection): void {
  const same = next.trouble === connection.trouble;
  connection = next;
  if (!same) for (const listener of onConnection) listener(next);
}

/** Opens the event stream, and keeps it open: the browser reconnects by itself, and we do where it gives up. */
export function listen(): () => void {
  let source: EventSource;
  let retry: ReturnType<typeof setTimeout> | undefined;
  const open = () => {
    source = new EventSource('/api/events');
    source.addEventListener('state', (event: MessageEvent<string>) => {
      const next = JSON.parse(event.data) as State;
      const changed = new Set((Object.keys(next) as Topic[]).filter((topic) => next[topic] !== state[topic]));
      const back = connection.trouble !== null;
      state = next;
      connected({ trouble: null, lastHeard: Date.now() });
      const news = back ? new Set(Object.keys(next) as Topic[]) : changed;
      if (news.size > 0) for (const listener of onState) listener(news);
    });
    source.addEventListener('trouble', (event: MessageEvent<string>) => {
      connected({ trouble: (JSON.parse(event.data) as { error: string }).error, lastHeard: Date.now() });
    });
    source.onerror = () => {
      connected({ ...connection, trouble: 'The connection to the server is lost; trying again.' });
      if (source.readyState === EventSource.CLOSED) {
        clearTimeout(retry);
        retry = setTimeout(open, 2_000);
      }
    };
  };
  open();
  const watch = setInterval(() => {
    if (connection.trouble === null && Date.now() - connection.lastHeard > SILENCE) {
      connected({ ...connection, trouble: 'The server has been silent for a while.' });
    }
  }, 2_000);
  return () => {
    source.close();
    clearTimeout(retry);
    clearInterval(watch);
  };
}

export function useConnection(): Connection {
  const [value, setValue] = useState(connection);
  useEffect(() => {
    onConnection.add(setValue);
    return () => void onConnection.delete(setValue);
  }, []);
  return value;
}

/** Calls back when rows of one of the topics changed. */
export function onChange(topics: readonly Topic[], callback: () => void): () => void {
  const listener = (changed: ReadonlySet<Topic>) => {
    if (topics.some((topic) => changed.has(topic))) callback();
  };
  onState.add(listener);
  return () => void onState.delete(listener);
}
