import { useResource } from './resource.js';
import { ScrollArea } from './scrollArea.js';
import { Empty, Loading, Problem } from './states.js';
import { dateTime } from './words.js';

interface Act {
  id: number;
  at: number;
  actor: string;
  action: string;
  target: string;
  detail: string;
}

export function AuditPage() {
  const { value, error } = useResource<Act[]>('/api/audit', ['incidents', 'models']);
  if (value === undefined) return error === null ? <Loading /> : <Problem words={error} />;
  return (
    <section class="card">
      <h1>Who did what</h1>
      {value.length === 0 ? (
        <Empty>Nobody has changed anything yet.</Empty>
      ) : (
        <ScrollArea label="Audit log">
          <table class="cards">
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Who</th>
                <th scope="col">What</th>
                <th scope="col">On</th>
                <th scope="col">Detail</th>
              </tr>
            </thead>
            <tbody>
              {value.map((act) => (
                <tr key={act.id}>
                  <td data-head="When">{dateTime(act.at)}</td>
                  <td data-head="Who">{act.actor}</td>
                  <td data-head="What">{act.action}</td>
                  <td data-head="On">{act.target}</td>
                  <td data-head="Detail">{act.detail}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollArea>
      )}
    </section>
  );
}
