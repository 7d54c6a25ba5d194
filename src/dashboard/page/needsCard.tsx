import type { ComponentChildren } from 'preact';
import type { IncidentRow, Overview } from '../api/schema.js';
import { Badge } from './states.js';
import { incidentName, linkWords, modelName, sentence, serviceName, shortTime } from './words.js';

const MOST = 5;
const RANK: Record<string, number> = { critical: 3, major: 2, minor: 1, info: 0 };

/** What waits for a person, gravest first; nothing when nobody is needed. */
export function NeedsCard({ overview }: { overview: Overview }) {
  const { services, stream, needs } = overview;
  const open = [...needs.incidents].sort(
    (a, b) => Number(b.mine) - Number(a.mine) || (RANK[b.severity] ?? 0) - (RANK[a.severity] ?? 0),
  );
  const down = services.filter(({ healthy }) => !healthy).map(({ name }) => serviceName(name));
  const items: { key: string; line: ComponentChildren }[] = [
    ...open.slice(0, MOST).map((incident) => ({
      key: `incident ${incident.id}`,
      line: <Urgent incident={incident} elsewhere={incident.stream !== stream} />,
    })),
    ...(open.length > MOST
      ? [
          {
            key: 'more',
            line: (
              <a class="take-away" href="/incidents?state=open">
                {open.length - MOST} more open incidents
              </a>
            ),
          },
        ]
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
  if (items.length === 0) return null;
  return (
    <section class="card needs" aria-labelledby="needs-title">
      <h2 id="needs-title">What needs you</h2>
      <ul>
        {items.map(({ key, line }) => (
          <li key={key}>{line}</li>
        ))}
      </ul>
    </section>
  );
}

function ModelLink({ model: { key, kind, stream } }: { model: Overview['needs']['stuck'][number] }) {
  return (
    <a class="take-away" href={`/models/${encodeURIComponent(key)}`}>
      {modelName(kind)} of {stream}
    </a>
  );
}

/** `elsewhere`: of another stream than the one that is shown. */
function Urgent({ incident, elsewhere }: { incident: IncidentRow; elsewhere: boolean }) {
  return (
    <>
      <Badge tone={incident.severity}>{incident.mine ? 'yours' : incident.severity}</Badge>{' '}
      <a class="take-away" href={`/incidents/${incident.id}`}>
        {incidentName(incident.class, incident.subject)}
      </a>{' '}
      {elsewhere && `on ${incident.stream} `}since {shortTime(incident.startedAt)}: {sentence(incident.headline)}
    </>
  );
}
