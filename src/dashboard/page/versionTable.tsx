import type { ModelVersion } from '../api/schema.js';
import { ScrollArea } from './scrollArea.js';
import { Badge, Empty } from './states.js';
import { amount, shortTime } from './words.js';

interface Props {
  versions: readonly ModelVersion[];
  canChange: boolean;
  rollback: (version: ModelVersion) => void;
  pin: (version: ModelVersion) => void;
}

/** All versions with what the validation gate measured, champion and challenger beside each other. */
export function VersionTable({ versions, canChange, rollback, pin }: Props) {
  const measured = metricNames(versions);
  return (
    <section class="card" aria-labelledby="versions">
      <h2 id="versions">Versions</h2>
      {versions.length === 0 ? (
        <Empty>
          No version yet. The first is trained by itself when the baseline is whole, or now with "Retrain now".
        </Empty>
      ) : (
        <ScrollArea label="Versions">
          <table>
            <thead>
              <tr>
                <th scope="col">Version</th>
                <th scope="col">State</th>
                <th scope="col">Trained on</th>
                <th scope="col" class="number">
                  Minutes
                </th>
                <th scope="col" class="number">
                  Threshold
                </th>
                {measured.map((name) => (
                  <th key={name} scope="col" class="number">
                    {inWords(name)}
                  </th>
                ))}
                {canChange && <th scope="col">Do</th>}
              </tr>
            </thead>
            <tbody>
              {versions.map((version) => (
                <tr key={version.version} class={version.active ? 'active' : ''}>
                  <th scope="row">
                    {version.version}
                    {version.parent !== null && <small> after {version.parent}</small>}
                  </th>
                  <td>
                    {version.active ? <Badge tone="good">active</Badge> : <Badge tone="quiet">{version.state}</Badge>}{' '}
                    {version.pinned && <Badge tone="quiet">pinned</Badge>}
                    {reasonOf(version) !== null && <small>{reasonOf(version)}</small>}
                  </td>
                  <td>
                    {shortTime(version.dataFrom)} to {shortTime(version.dataUntil)}
                  </td>
                  <td class="number">{amount(version.samples)}</td>
                  <td class="number">{amount(version.threshold)}</td>
                  {measured.map((name) => (
                    <td key={name} class="number">
                      {cell(valueAt(version.metrics, name))}
                    </td>
                  ))}
                  {canChange && (
                    <td class="buttons">
                      {!version.active && version.state !== 'rejected' && (
                        <button type="button" class="small" onClick={() => rollback(version)}>
                          Activate <span class="hidden">version {version.version}</span>
                        </button>
                      )}
                      <button type="button" class="small plain" onClick={() => pin(version)}>
                        {version.pinned ? 'Unpin' : 'Pin'} <span class="hidden">version {version.version}</span>
                      </button>
                    </td>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollArea>
      )}
    </section>
  );
}

/** Numbers that the gate wrote, also those one level down such as champion and challenger; at most eight columns. */
function metricNames(versions: readonly ModelVersion[]): string[] {
  const names = new Set<string>();
  for (const { metrics } of versions) {
    for (const [name, value] of Object.entries(metrics)) {
      if (typeof value === 'number') names.add(name);
      else if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
        for (const [inner, number] of Object.entries(value))
          if (typeof number === 'number') names.add(`${name}.${inner}`);
      }
    }
  }
  return [...names].slice(0, 8);
}

function valueAt(metrics: Record<string, unknown>, name: string): unknown {
  const [outer = '', inner] = name.split('.');
  const value = metrics[outer];
  return inner === undefined ? value : (value as Record<string, unknown> | null | undefined)?.[inner];
}

function cell(value: unknown): string {
  return typeof value === 'number' ? amount(value) : '–';
}

function reasonOf(version: ModelVersion): string | null {
  const { reason } = version.metrics;
  return typeof reason === 'string' && version.state !== 'published' ? reason : null;
}

/** "falseAlarmsPerDay" and "anomaly_rate" as words. */
function inWords(name: string): string {
  return name
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll(/[_.]/g, ' ')
    .toLowerCase();
}
