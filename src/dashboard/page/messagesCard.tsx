import { useState } from 'preact/hooks';
import type { Incident } from '../api/schema.js';
import { secondOf } from './words.js';

const FIRST = 6;

/** The first BGP messages that led to an incident of the operator's own. */
export function MessagesCard({ messages }: { messages: Incident['messages'] }) {
  const [all, setAll] = useState(false);
  if (messages.length === 0) return null;
  const shown = all ? messages : messages.slice(0, FIRST);
  return (
    <section class="card" aria-labelledby="messages">
      <h2 id="messages">
        Messages that led to it <small>{messages.length === 20 ? 'first 20' : messages.length}</small>
      </h2>
      <table class="cards messages">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Peer</th>
            <th scope="col">Message</th>
            <th scope="col">Path</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ at, peer, kind, prefix, path }) => (
            <tr key={`${at} ${peer} ${kind} ${prefix}`}>
              <td data-head="Time">
                <time dateTime={new Date(at).toISOString()}>{secondOf(at)}</time>
              </td>
              <td data-head="Peer">
                <code>{peer}</code>
              </td>
              <td data-head="Message">
                <span>
                  {kind} <code>{prefix}</code>
                </span>
              </td>
              <td data-head="Path">
                <code>{path.join(' ')}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length < messages.length && (
        <p class="hint">
          {shown.length} of {messages.length} shown.{' '}
          <button type="button" class="plain small" onClick={() => setAll(true)}>
            Show all {messages.length}
          </button>
        </p>
      )}
    </section>
  );
}
