import { useEffect, useRef } from 'preact/hooks';
import { go } from './route.js';
import { className } from './words.js';

const CLASSES = ['hijack', 'moas', 'leak', 'outage', 'instability', 'session reset', 'unknown'];
const SEVERITIES: [string, string][] = [
  ['critical', 'critical'],
  ['critical,major', 'major or more'],
  ['critical,major,minor', 'minor or more'],
  ['minor', 'minor only'],
  ['info', 'info only'],
];
const STATES: [string, string][] = [
  ['open', 'open'],
  ['open,no-news', 'not known to be over'],
  ['no-news', 'no more news'],
  ['resolved', 'over'],
];
const FIELDS = ['class', 'severity', 'state', 'mine', 'as', 'prefix', 'stream', 'since', 'until'] as const;

/** Changes the address, which is what the page shows: a filtered list can be sent to somebody, and the back button works. */
export function IncidentFilters({ query, streams }: { query: URLSearchParams; streams: readonly string[] }) {
  const form = useRef<HTMLFormElement>(null);
  const said = FIELDS.map((name) => query.get(name) ?? '').join('\n');
  useEffect(() => {
    // The fields follow the address, also when the back button changes it.
    const values = said.split('\n');
    FIELDS.forEach((name, index) => {
      const field = form.current?.elements.namedItem(name);
      if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement) field.value = values[index] ?? '';
    });
  }, [said]);
  const apply = () => {
    if (form.current === null) return;
    const given = new FormData(form.current);
    const next = new URLSearchParams();
    for (const name of FIELDS) {
      const text = String(given.get(name) ?? '').trim();
      if (text !== '') next.set(name, text);
    }
    for (const name of ['sort', 'order']) {
      const kept = query.get(name);
      if (kept !== null) next.set(name, kept);
    }
    go(next.size === 0 ? '/incidents' : `/incidents?${next}`);
  };
  const named = [...new Set([...streams, ...[query.get('stream') ?? ''].filter((name) => name !== '')])];
  return (
    <form
      ref={form}
      class="filters"
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
    >
      <Choice name="class" words="What" choices={CLASSES.map((name) => [name, className(name)])} apply={apply} />
      <Choice name="severity" words="Severity" choices={SEVERITIES} apply={apply} />
      <Choice name="state" words="State" choices={STATES} apply={apply} />
      <Choice
        name="mine"
        words="Yours"
        choices={[
          ['yes', 'yours only'],
          ['no', 'of others'],
        ]}
        apply={apply}
      />
      {named.length > 1 && (
        <Choice name="stream" words="Stream" choices={named.map((name) => [name, name])} apply={apply} />
      )}
      <Text name="as" words="AS" hint="AS64500" size={10} />
      <Text name="prefix" words="Prefix" hint="192.0.2.0/24" size={18} />
      <label>
        Since
        <input type="date" name="since" onChange={apply} />
      </label>
      <label>
        Until
        <input type="date" name="until" onChange={apply} />
      </label>
      <button type="submit">Filter</button>
      {query.size > 0 && (
        <a class="clear" href="/incidents">
          Clear
        </a>
      )}
    </form>
  );
}

function Choice(props: { name: string; words: string; choices: readonly [string, string][]; apply: () => void }) {
  return (
    <label>
      {props.words}
      <select name={props.name} onChange={props.apply}>
        <option value="">all</option>
        {props.choices.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}

function Text({ name, words, hint, size }: { name: string; words: string; hint: string; size: number }) {
  return (
    <label>
      {words}
      <input name={name} placeholder={hint} size={size} />
    </label>
  );
}
