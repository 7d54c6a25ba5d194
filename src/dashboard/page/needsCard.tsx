import type { ComponentChildren } from 'preact';
import type { IncidentRow, Overview } from '../api/schema.js';
import { Badge } from './states.js';
import { incidentName, linkWords, modelName, sentence, serviceName, shortTime, span } from './words.js';

const MOST = 5;
const RANK: Record<string, number> = { critical: 3, major: 2, minor: 1, info: 0 };

/** What waits for a person, gravest first; nothing when nobody is needed. */
export function NeedsCard({ overview }: { overview: Overview }) {
  const { services, needs } = overview;
  const incidents = [...needs.incidents].sort(
    (a, b) => Number(b.mine) - Number(a.mine) || (RANK[b.severity] ?? 0) - (RANK[a.severity] ?? 0),
  );
  const open = incidents.filter(isGrave);
  const down = services.filter(({ healthy }) => !healthy).map(({ name }) => serviceName(name));
  const items: { key: string; line: ComponentChildren }[] = [
    ...open.slice(0, MOST).map((incident) => ({
      key: `incident ${incident.id}`,
      line: <Urgent incident={incident} overview={overview} />,
    })),
    ...(open.length > MOST
      ? [{ key: 'more', line: <More count={open.length - MOST} query="state=open&severity=major%2B" /> }]
      : []),
    ...needs.feeds.slice(0, MOST).map((feed) => ({
      key: `feed ${feed.stream}`,
      line: (
        <>
          The feed of {feed.stream}: {linkWords(feed)}
        </>
      ),
    })),
    ...(needs.feeds.length > MOST
      ? [
          {
            key: 'more feeds',
            line: (
              <>
                {needs.feeds.length - MOST} more feeds. <code>routewarden doctor</code> lists them
              </>
            ),
          },
        ]
      : []),
    ...(down.length > 0
      ? [
          {
            key: 'down',
            line: (
              <>
                Not running: {down.join(', ')}. <code>routewarden doctor</code> says why
              </>
            ),
          },
        ]
      : []),
    ...needs.stuck.map((model) => ({
      key: `stuck ${model.key}`,
      line: (
        <>
          The <ModelLink model={model} /> no longer fits, and its new versions were not let through: decide which serves
        </>
      ),
    })),
    ...needs.approvals.map((model) => ({
      key: `approval ${model.key}`,
      line: (
        <>
          A retraining of the <ModelLink model={model} /> waits for your decision
        </>
      ),
    })),
  ];
  return (
    <>
      {items.length > 0 && (
        <section class="card needs" aria-labelledby="needs-title">
          <h2 id="needs-title">What needs you</h2>
          <ul>
            {items.map(({ key, line }) => (
              <li key={key}>{line}</li>
            ))}
          </ul>
        </section>
      )}
      <LookCard incidents={incidents.filter((incident) => !isGrave(incident))} overview={overview} />
    </>
  );
}

function isGrave({ severity }: IncidentRow): boolean {
  return (RANK[severity] ?? 0) >= 2;
}

/** Small changes of the own networks, such as new neighbours: somebody should see them once, and none of them hurries. */
function LookCard({ incidents, overview }: { incidents: readonly IncidentRow[]; overview: Overview }) {
  if (incidents.length === 0) return null;
  return (
    <section class="card looks" aria-labelledby="looks-title">
      <h2 id="looks-title">To look at</h2>
      <ul>
        {incidents.slice(0, MOST).map((incident) => (
          <li key={incident.id}>
            <Urgent incident={incident} overview={overview} />
          </li>
        ))}
        {incidents.length > MOST && (
          <li>
            <More count={incidents.length - MOST} query="state=open&mine=yes&severity=minor,info" />
          </li>
        )}
      </ul>
      <p class="hint">What you acknowledge leaves this list.</p>
    </section>
  );
}

function More({ count, query }: { count: number; query: string }) {
  return (
    <a class="take-away" href={`/incidents?${query}`}>
      {count} more open {count === 1 ? 'incident' : 'incidents'}
    </a>
  );
}

function ModelLink({ model: { key, kind, stream } }: { model: Overview['needs']['stuck'][number] }) {
  return (
    <a class="take-away" href={`/models/${encodeURIComponent(key)}`}>
      {modelName(kind)} of {stream}
    </a>
  );
}

function Urgent({ incident, overview: { stream, now } }: { incident: IncidentRow; overview: Overview }) {
  // another stream than the one that is shown
  const elsewhere = incident.stream !== stream;
  const age = ((elsewhere ? null : now) ?? Date.now()) - incident.startedAt;
  return (
    <>
      <Badge tone={incident.severity}>{incident.mine ? 'yours' : incident.severity}</Badge>{' '}
      <a class="take-away" href={`/incidents/${incident.id}`}>
        {incidentName(incident.class, incident.subject)}
      </a>{' '}
      {elsewhere && `on ${incident.stream} `}since {shortTime(incident.startedAt)}, for {span(Math.max(0, age) / 1000)}:{' '}
      {sentence(incident.headline)}
    </>
  );
}
