import { useState } from 'preact/hooks';
import type { Victims } from '../api/schema.js';
import type { Resource } from './resource.js';
import { Badge, Empty, Loading, Problem } from './states.js';
import { amount } from './words.js';

const FIRST = 12;
const FEW = 2;
const RPKI_TONES: Record<string, string> = { valid: 'good', invalid: 'major', 'not found': 'quiet' };
/** Classes that hit prefixes; of the others the loudest are kept. */
const HITS = new Set(['hijack', 'moas', 'leak', 'outage']);
type Victim = Victims['rows'][number];

/** Every prefix that an incident hit, with who holds it and who announces it now. */
export function VictimsCard(props: { victims: Resource<Victims>; class: string }) {
  const { value, error } = props.victims;
  const [all, setAll] = useState(false);
  const rows = value?.rows ?? [];
  const shown = all ? rows : rows.slice(0, FIRST);
  return (
    <section class="card" aria-labelledby="victims">
      <h2 id="victims">
        {HITS.has(props.class) ? 'Prefixes that were hit' : 'Prefixes that stand out'}{' '}
        {value !== undefined && value.of > 0 && <small>{value.of.toLocaleString('en')}</small>}
      </h2>
      {value === undefined && (error === null ? <Loading /> : <Problem words={error} />)}
      {value !== undefined && rows.length === 0 && <Empty>No single prefix stands out.</Empty>}
      {props.class === 'hijack' && rows.some(({ mine }) => !mine) && (
        <p class="hint">
          Routes that a ROA allows, or that few peers took, stand here too; the headline counts the others alone.
        </p>
      )}
      {props.class === 'outage' && Math.min(...rows.map(peersOf)) < Math.max(...rows.map(peersOf)) / 2 && (
        <p class="hint">Prefixes that few peers lost are listed too; the headline leaves them out.</p>
      )}
      {rows.length > 0 && <VictimTable rows={shown} />}
      {value !== undefined && value.of > shown.length && shown.length > 0 && (
        <p class="hint">
          {amount(shown.length)} of {amount(value.of)} shown.{' '}
          {rows.length > shown.length && (
            <button type="button" class="plain small" onClick={() => setAll(true)}>
              Show {rows.length === value.of ? `all ${rows.length}` : `the ${rows.length} with names`}
            </button>
          )}
          {value.of > rows.length && ` ${restWords(value.of - rows.length)}`}
        </p>
      )}
    </section>
  );
}

const peersOf = ({ peers }: Victim) => peers ?? 0;

/** Where the others are to be had: the page has no names of them. */
function restWords(rest: number): string {
  return `Of ${amount(rest)} more no names are kept here: the archive of the collector has all updates of these minutes.`;
}

/** A column that says nothing of this incident is left out. */
function VictimTable({ rows }: { rows: readonly Victim[] }) {
  const held = rows.some(({ holders }) => holders.length > 0);
  const taken = rows.some(({ by }) => by !== null);
  const judged = taken || rows.some(({ rpki }) => rpki !== null);
  const counted = rows.some(({ peers }) => peers !== null);
  return (
    <table class="cards victims">
      <thead>
        <tr>
          <th scope="col">Prefix</th>
          {held && <th scope="col">Holder</th>}
          {taken && <th scope="col">Announced by</th>}
          {judged && <th scope="col">RPKI</th>}
          {counted && (
            <th scope="col" class="number">
              Peers
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={`${row.prefix} ${row.by?.asNumber}`}>
            <td data-head="Prefix">
              <span>
                <code>{row.prefix}</code> {row.mine && <Badge tone="critical">yours</Badge>}
                {row.covering !== null && <small>inside {row.covering}</small>}
              </span>
            </td>
            {held && (
              <td data-head="Holder">
                <Networks list={row.holders} />
              </td>
            )}
            {taken && (
              <td data-head="Announced by">
                <Networks list={row.by === null ? [] : [row.by]} />
              </td>
            )}
            {judged && (
              <td data-head="RPKI">
                {row.rpki === null ? (
                  <small>not judged</small>
                ) : (
                  <Badge tone={RPKI_TONES[row.rpki] ?? 'quiet'}>{row.rpki}</Badge>
                )}
              </td>
            )}
            {counted && (
              <td data-head="Peers" class="number">
                {row.peers ?? '–'}
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The first of them; the others come when they are asked for: whoever has many networks holds each prefix with all of them. */
function Networks({ list }: { list: Victim['holders'] }) {
  const [all, setAll] = useState(false);
  if (list.length === 0) return <span>–</span>;
  const shown = all || list.length <= FEW + 1 ? list : list.slice(0, FEW);
  const named = shown.some(({ name }) => name !== null);
  return (
    <span>
      {named
        ? shown.map(({ asNumber, name }) => (
            <span key={asNumber} class="network">
              AS{asNumber}
              {name !== null && <small>{name}</small>}
            </span>
          ))
        : shown.map(({ asNumber }) => `AS${asNumber}`).join(', ')}
      {shown.length < list.length && (
        <>
          {' '}
          <button type="button" class="more" onClick={() => setAll(true)}>
            and {list.length - shown.length} more
          </button>
        </>
      )}
    </span>
  );
}
