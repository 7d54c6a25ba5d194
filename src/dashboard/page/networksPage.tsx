import { useState } from 'preact/hooks';
import type { Networks, OwnPrefixRow } from '../api/networks.js';
import { useResource } from './resource.js';
import { ScrollArea } from './scrollArea.js';
import { Badge, Empty, Loading, Problem } from './states.js';
import { className, dateTime, sentence, shortTime } from './words.js';

/** Rows that are shown at first; all that are not as declared are. */
const FIRST = 30;

/** The operator's prefixes, those that need somebody first. */
export function NetworksPage() {
  const [whole, setWhole] = useState(false);
  const { value, error } = useResource<Networks>('/api/networks', ['watch', 'incidents']);
  if (value === undefined) return error === null ? <Loading /> : <Problem words={error} />;
  const troubled = value.prefixes.filter(({ findings }) => findings.length > 0);
  const [bad, all] = [distinct(troubled), distinct(value.prefixes)];
  const shown = whole ? value.prefixes : value.prefixes.slice(0, Math.max(FIRST, troubled.length));
  return (
    <section class={troubled.length > 0 ? 'card mine alarm' : 'card mine'}>
      <h1>My networks</h1>
      {error !== null && <Problem words={error} />}
      {value.prefixes.length === 0 ? (
        <Empty>
          Nothing is declared yet. <code>routewarden init AS64500</code> writes <code>watch</code> into the settings
          from what the feed shows.
        </Empty>
      ) : (
        <>
          <p>
            {troubled.length === 0
              ? 'All of your prefixes are as declared.'
              : `${bad} of ${all} prefixes ${bad === 1 ? 'is' : 'are'} not as declared.`}
            {value.seenUntil !== null && ` Compared up to ${dateTime(value.seenUntil)}.`}
          </p>
          <ScrollArea label="Your prefixes">
            <table class="cards networks">
              <thead>
                <tr>
                  <th scope="col">Prefix</th>
                  <th scope="col">State</th>
                  <th scope="col">Origin</th>
                  <th scope="col">Visible</th>
                  <th scope="col">RPKI</th>
                  <th scope="col">Neighbours</th>
                  <th scope="col">Last event</th>
                </tr>
              </thead>
              <tbody>
                {shown.map((row) => (
                  <PrefixRow key={`${row.stream} ${row.prefix}`} row={row} />
                ))}
              </tbody>
            </table>
          </ScrollArea>
          {shown.length < value.prefixes.length && (
            <p class="hint">
              {shown.length} of {value.prefixes.length} rows shown.{' '}
              <button type="button" class="plain small" onClick={() => setWhole(true)}>
                Show all {value.prefixes.length}
              </button>
            </p>
          )}
        </>
      )}
    </section>
  );
}

/** Prefixes, each once: every stream has a row of its own for it. */
function distinct(rows: readonly OwnPrefixRow[]): number {
  return new Set(rows.map(({ prefix }) => prefix)).size;
}

const networks = (list: readonly { network: number; peers: number }[]) =>
  list
    .slice(0, 4)
    .map(({ network, peers }) => `AS${network} (${peers})`)
    .join(', ');

function PrefixRow({ row }: { row: OwnPrefixRow }) {
  const { prefix, findings, last, origins } = row;
  const about = [row.group, row.description].filter(Boolean).join(', ');
  return (
    <tr class={findings.length > 0 ? 'troubled' : ''}>
      <th scope="row" data-head="Prefix">
        <div>
          {prefix}
          <small>{[about, row.stream].filter(Boolean).join(' · ')}</small>
        </div>
      </th>
      <td data-head="State">
        <div>
          <PrefixState row={row} />
        </div>
      </td>
      <td data-head="Origin">{networks(origins)}</td>
      <td data-head="Visible">{row.peers > 0 && `${row.visible} of ${row.peers} peers`}</td>
      <td data-head="RPKI">{[...new Set(origins.map(({ rpki }) => rpki ?? 'not known'))].join(', ')}</td>
      <td data-head="Neighbours">{networks(row.upstreams)}</td>
      <td data-head="Last event">
        {last !== null && (
          <a href={`/incidents/${last.id}`}>
            {className(last.class)}, {shortTime(last.startedAt)}
            {last.endedAt === null && ', open'}
          </a>
        )}
      </td>
    </tr>
  );
}

function PrefixState({ row: { findings, peers, declared } }: { row: OwnPrefixRow }) {
  const [first] = findings;
  if (first !== undefined) {
    return (
      <>
        <Badge tone={first.severity}>{first.severity}</Badge> {sentence(first.words)}
        {findings.length > 1 && `; and ${findings.length - 1} more`}
      </>
    );
  }
  if (peers === 0) return <Badge tone="quiet">not seen yet</Badge>;
  return <Badge tone={declared === null ? 'quiet' : 'good'}>{declared === null ? 'over' : 'as declared'}</Badge>;
}

/** The first card of the overview: what of the operator's own needs somebody. Nothing where nothing is declared. */
export function NetworksCard() {
  const { value } = useResource<Networks>('/api/networks', ['watch', 'incidents']);
  if (value === undefined || value.prefixes.length === 0) return null;
  const troubled = value.prefixes.filter(({ findings }) => findings.length > 0);
  return (
    <section class={troubled.length > 0 ? 'card mine alarm' : 'card mine'} aria-labelledby="mine-title">
      <div class="head">
        <h2 id="mine-title">My networks</h2>
        <a href="/networks">All</a>
      </div>
      {troubled.length === 0 ? (
        <p>
          {distinct(value.prefixes) === 1 ? 'Your prefix is' : `All ${distinct(value.prefixes)} prefixes are`} as
          declared.
        </p>
      ) : (
        <ul class="plain">
          {troubled.slice(0, 5).map((row) => (
            <li key={`${row.stream} ${row.prefix}`}>
              <Badge tone={row.findings[0]!.severity}>{row.findings[0]!.severity}</Badge>{' '}
              <a href={row.last === null ? '/networks' : `/incidents/${row.last.id}`}>
                {sentence(row.findings[0]!.words)}
              </a>
            </li>
          ))}
          {troubled.length > 5 && (
            <li>And {troubled.length === 6 ? '1 more prefix' : `${troubled.length - 5} more prefixes`}.</li>
          )}
        </ul>
      )}
    </section>
  );
}
