import { useState } from 'preact/hooks';
import type { IncidentRow } from '../api/schema.js';
import { IncidentList } from './incidentList.js';
import { RaisedCard } from './raisedCard.js';
import { useResource } from './resource.js';
import { SilencesCard } from './silencesCard.js';
import { Loading, Problem } from './states.js';

const STEP = 50;
const MOST = 200;

export function IncidentsPage({ canChange }: { canChange: boolean }) {
  const [limit, setLimit] = useState(STEP);
  const { value, error } = useResource<IncidentRow[]>(`/api/incidents?limit=${limit}`, ['incidents']);
  if (value === undefined) return error === null ? <Loading /> : <Problem words={error} />;
  return (
    <>
      <section class="card">
        <h1>Incidents</h1>
        <IncidentList incidents={value} />
        {value.length === limit && limit < MOST && (
          <button type="button" onClick={() => setLimit(limit + STEP)}>
            Show older ones
          </button>
        )}
      </section>
      <SilencesCard canChange={canChange} />
      <RaisedCard />
    </>
  );
}
