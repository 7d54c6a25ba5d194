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
          <table>
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
                  <td>{dateTime(act.at)}</td>
                  <td>{act.actor}</td>
                  <td>{act.action}</td>
                  <td>{act.target}</td>
                  <td>{act.detail}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollArea>
      )}
    </section>
  );
}
