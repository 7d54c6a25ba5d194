import type { Incident } from '../api/schema.js';
import { secondOf } from './words.js';

/** The first BGP messages that led to an incident of the operator's own. */
export function MessagesCard({ messages }: { messages: Incident['messages'] }) {
  if (messages.length === 0) return null;
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
          {messages.map(({ at, peer, kind, prefix, path }) => (
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
    </section>
  );
}
