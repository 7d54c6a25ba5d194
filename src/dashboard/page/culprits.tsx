import { useState } from 'preact/hooks';
import type { Incident } from '../api/schema.js';
import { Meter } from './states.js';
import { amount } from './words.js';

/** What the numbers beside culprits count; updates where a class says nothing of its own. */
const COUNTED: Record<string, { origins?: string; peers?: string }> = {
  hijack: { origins: 'prefixes announced' },
  moas: { origins: 'prefixes announced' },
  leak: { origins: 'routes through it' },
  outage: { origins: 'prefixes lost' },
  'session reset': { peers: 'times down or up' },
};

/** Networks or peers of which most was seen, with names where they are known. */
export function Culprits(props: { title: 'Origins' | 'Peers'; incident: Incident; names: Record<string, string> }) {
  const { title, incident, names } = props;
  const list = title === 'Origins' ? incident.origins : incident.peers;
  const counted = COUNTED[incident.class]?.[title === 'Origins' ? 'origins' : 'peers'] ?? 'updates';
  const [all, setAll] = useState(false);
  if (list.length === 0) return null;
  const most = Math.max(...list.map((entry) => entry.count));
  const alike = most === 1;
  return (
    <>
      <h3>
        {title} {!alike && <small>by {counted}</small>}
      </h3>
      <ul class="ranked">
        {(all ? list : list.slice(0, 6)).map((entry) => (
          <li key={entry.name}>
            <span class="named">
              <code>{title === 'Origins' && /^\d+$/.test(entry.name) ? `AS${entry.name}` : entry.name}</code>
              {title === 'Origins' && names[entry.name.replace(/^AS/, '')] !== undefined && (
                <small>{names[entry.name.replace(/^AS/, '')]}</small>
              )}
            </span>
            {!alike && (
              <>
                <Meter fraction={entry.count / most} label={`${entry.count} ${counted}`} />
                <span>{amount(entry.count)}</span>
              </>
            )}
          </li>
        ))}
      </ul>
      {list.length > 6 && !all && (
        <button type="button" class="plain small" onClick={() => setAll(true)}>
          Show all {list.length}
        </button>
      )}
    </>
  );
}
