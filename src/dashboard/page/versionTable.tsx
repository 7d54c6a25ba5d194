import type { ModelVersion } from '../api/schema.js';
import { ScrollArea } from './scrollArea.js';
import { SensitivityChart } from './sensitivityChart.js';
import { Badge, Empty } from './states.js';
import { amount, shortTime } from './words.js';

interface Props {
  modelKey: string;
  versions: readonly ModelVersion[];
  canChange: boolean;
  rollback: (version: ModelVersion) => void;
  pin: (version: ModelVersion) => void;
}

/** All versions with what the validation gate measured, champion and challenger beside each other. */
export function VersionTable({ modelKey, versions, canChange, rollback, pin }: Props) {
  return (
    <section class="card" aria-labelledby="versions">
      <div class="head">
        <h2 id="versions">Versions</h2>
        {versions.length > 1 && (
          <a class="take-away" href={`/models/${encodeURIComponent(modelKey)}/compare`}>
            Compare two
          </a>
        )}
      </div>
      {versions.length === 0 ? (
        <Empty>
          No version yet. The first is trained by itself when the first window is whole, or now with "Retrain now".
        </Empty>
      ) : (
        <ScrollArea label="Versions">
          <table class="cards">
            <thead>
              <tr class="groups">
                <td colSpan={5} />
                <th scope="colgroup" colSpan={2} class="number">
                  Ordinary minutes flagged
                </th>
                <th scope="colgroup" colSpan={2} class="number">
                  Injected anomalies found
                </th>
                <td colSpan={canChange ? 2 : 1} />
              </tr>
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
                <th scope="col" class="number">
                  this version
                </th>
                <th scope="col" class="number">
                  the one before it
                </th>
                <th scope="col" class="number">
                  this version
                </th>
                <th scope="col" class="number">
                  the first one
                </th>
                <th scope="col" class="number">
                  Training took
                </th>
                {canChange && (
                  <th scope="col">
                    <span class="hidden">What to do with it</span>
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {versions.map((version) => (
                <tr key={version.version} class={version.active ? 'active' : ''}>
                  <th scope="row" data-head="Version">
                    <span>
                      {version.version}
                      {version.parent !== null && <small> after {version.parent}</small>}
                    </span>
                  </th>
                  <td data-head="State">
                    <span>
                      {version.active ? <Badge tone="good">active</Badge> : <Badge tone="quiet">{version.state}</Badge>}{' '}
                      {version.pinned && <Badge tone="quiet">pinned</Badge>}
                      {reasonOf(version) !== null && <small>{reasonOf(version)}</small>}
                    </span>
                  </td>
                  <td class="times" data-head="Trained on">
                    {shortTime(version.dataFrom)} to {shortTime(version.dataUntil)}
                  </td>
                  <td class="number" data-head="Minutes">
                    {amount(version.samples)}
                  </td>
                  <td class="number" data-head="Threshold">
                    {amount(version.threshold)}
                  </td>
                  <td class="number" data-head="Ordinary flagged">
                    {share(version.gate.anomalous)}
                  </td>
                  <td class="number" data-head="by the one before">
                    {share(version.gate.championAnomalous)}
                  </td>
                  <td class="number" data-head="Injected found">
                    {share(version.gate.recall)}
                  </td>
                  <td class="number" data-head="by the first">
                    {share(version.gate.firstRecall)}
                  </td>
                  <td class="number" data-head="Training took">
                    {amount(version.gate.seconds)} s
                  </td>
                  {canChange && (
                    <td class="buttons">
                      {!version.active && version.state === 'published' && (
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
      <SensitivityChart versions={versions} />
      {versions.length > 0 && (
        <p class="hint">
          A new version (the challenger) serves only when it flags few of the ordinary minutes that were kept from its
          training, beside the version that served then (the champion), and still finds the anomalies that were injected
          into them, beside the first version of its line.
        </p>
      )}
    </section>
  );
}

function share(value: number | null): string {
  return value === null ? '–' : `${amount(100 * value)} %`;
}

function reasonOf({ state, gate }: ModelVersion): string | null {
  return state === 'published' ? null : gate.reasons.join('; ');
}
