import type { IncidentRow } from '../api/schema.js';
import { Badge, Empty } from './states.js';
import { incidentName, sentence, shortTime, span } from './words.js';

/** `lines`: one line each, which is cut where it does not fit. */
export function IncidentList({ incidents, lines = false }: { incidents: readonly IncidentRow[]; lines?: boolean }) {
  if (incidents.length === 0) {
    return <Empty>No incident so far. When models agree that minutes are anomalous, it appears here by itself.</Empty>;
  }
  return (
    <ul class={lines ? 'incidents lines' : 'incidents'}>
      {incidents.map((incident) => (
        <li key={incident.id} class={incident.ordinary ? 'ordinary' : ''}>
          <a href={`/incidents/${incident.id}`}>
            <span class="line">
              <Badge tone={incident.severity}>{incident.severity}</Badge>
              <strong>{incidentName(incident.class, incident.subject)}</strong>
              {incident.mine && <Badge tone="critical">yours</Badge>}
              {incident.endedAt === null && <Badge tone="running">open</Badge>}
              {incident.ending === 'no more news' && <Badge tone="quiet">no more news</Badge>}
              {incident.history && <Badge tone="quiet">history</Badge>}
              {incident.ordinary && <Badge tone="quiet">ordinary</Badge>}
              {incident.acknowledgedBy !== null && <Badge tone="quiet">acknowledged</Badge>}
            </span>
            <span class="what" title={lines ? incident.headline : undefined}>
              {sentence(incident.headline)}
            </span>
            <span class="when">
              {shortTime(incident.startedAt)}
              {incident.endedAt !== null && `, ${span((incident.endedAt - incident.startedAt) / 1000)}`}
              {!lines && ` · ${incident.stream}`}
            </span>
          </a>
        </li>
      ))}
    </ul>
  );
}
