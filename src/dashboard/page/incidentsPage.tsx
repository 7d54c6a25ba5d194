import { useState } from 'preact/hooks';
import type { IncidentRow, Raised } from '../api/schema.js';
import { IncidentFilters } from './incidentFilters.js';
import { IncidentTable } from './incidentTable.js';
import { RaisedCard } from './raisedCard.js';
import { useResource } from './resource.js';
import { SilencesCard } from './silencesCard.js';
import { Empty, Loading, Problem } from './states.js';

const STEP = 50;
const MOST = 1_000;

/** All incidents as a table; filters and order are in the address, and are those of the API. */
export function IncidentsPage({ path, canChange }: { path: URL; canChange: boolean }) {
  const [limit, setLimit] = useState(STEP);
  const query = new URLSearchParams(path.search);
  const asked = new URLSearchParams(query);
  asked.set('limit', String(limit));
  const { value, error } = useResource<IncidentRow[]>(`/api/incidents?${asked}`, ['incidents']);
  const raised = useResource<Raised>('/api/raised', ['incidents']);
  const streams = [...new Set(raised.value?.rows.map((row) => row.stream))];
  const exported = new URLSearchParams(query);
  exported.set('limit', String(MOST));
  return (
    <>
      <section class="card">
        <div class="head">
          <h1>Incidents</h1>
          <span class="exports">
            <a href={`/api/incidents.csv?${exported}`}>CSV</a> <a href={`/api/incidents?${exported}`}>JSON</a>
          </span>
        </div>
        <IncidentFilters query={query} streams={streams} />
        {error !== null && <Problem words={error} />}
        {value === undefined && error === null && <Loading />}
        {value?.length === 0 &&
          (query.size === 0 ? (
            <Empty>
              No incident so far. When models agree that minutes are anomalous, or routes speak for themselves, it
              appears here by itself.
            </Empty>
          ) : (
            <Empty>
              No incident fits these filters. <a href="/incidents">Show all</a>
            </Empty>
          ))}
        {value !== undefined && value.length > 0 && <IncidentTable incidents={value} query={query} />}
        {value?.length === limit && limit < MOST && (
          <button type="button" onClick={() => setLimit(limit + STEP)}>
            Show more
          </button>
        )}
      </section>
      <SilencesCard canChange={canChange} />
      <RaisedCard />
    </>
  );
}
