import type { ComparedVersion, Comparison, Model } from '../api/schema.js';
import { LossChart } from './lossChart.js';
import { useResource } from './resource.js';
import { decoded, go } from './route.js';
import { ScrollArea } from './scrollArea.js';
import { Badge, Empty, Loading, Missing, Problem } from './states.js';
import { amount, dateTime, driftWords, modelName, sentence } from './words.js';

type Line = [name: string, value: (version: ComparedVersion) => string];

const share = (value: number | null | undefined) => (value == null ? '–' : `${amount(100 * value)} %`);
const LINES: readonly Line[] = [
  ['Trained on data from', ({ dataFrom }) => dateTime(dataFrom)],
  ['until', ({ dataUntil }) => dateTime(dataUntil)],
  ['Minutes', ({ samples }) => amount(samples)],
  ['Threshold', ({ threshold }) => amount(threshold)],
  ['Ordinary minutes flagged', ({ flagged }) => share(flagged)],
  ['Training took', ({ seconds }) => (seconds === null ? '–' : `${amount(seconds)} s`)],
  ['Last loss', ({ losses }) => (losses.length === 0 ? '–' : losses.at(-1)!.toFixed(4))],
  ['Seed', ({ seed }) => String(seed)],
  ['Made by Routewarden', ({ codeVersion }) => codeVersion],
  ['Drift checks since', ({ drift }) => drift.map((d) => `${driftWords(d.outcome)}: ${d.checks}`).join(', ') || 'none'],
  ['Why this state', ({ reasons }) => reasons.join('; ') || '–'],
];

/** Two versions of one model side by side; which ones stands in the address. */
export function ComparePage({ path }: { path: URL }) {
  const key = decoded(path.pathname.split('/')[2] ?? '');
  const api = `/api/models/${encodeURIComponent(key)}`;
  const { value: model, error } = useResource<Model>(api, ['models']);
  if (model === undefined && error === null) return <Loading />;
  if (model === undefined) return <Missing title={`Model ${key}`} words={error ?? ''} list="All models" to="/models" />;
  const [newest, older] = model.versions;
  const left = Number(path.searchParams.get('left') ?? older?.version ?? newest?.version);
  const right = Number(path.searchParams.get('right') ?? newest?.version);
  const page = `/models/${encodeURIComponent(key)}`;
  const choose = (side: 'left' | 'right', version: string) =>
    go(`${page}/compare?${new URLSearchParams({ left: String(left), right: String(right), [side]: version })}`);
  return (
    <section class="card">
      <p class="crumbs">
        <a href="/models">Models</a> / <a href={page}>{key}</a> / compare
      </p>
      <h1>{modelName(model.kind)}: two versions</h1>
      {newest === undefined ? (
        <Empty>No version yet: there is nothing to compare.</Empty>
      ) : (
        <>
          <div class="filters">
            {(['left', 'right'] as const).map((side) => (
              <label key={side}>
                {side === 'left' ? 'Version' : 'beside version'}
                <select
                  value={side === 'left' ? left : right}
                  onChange={(event) => choose(side, event.currentTarget.value)}
                >
                  {model.versions.map(({ version, active }) => (
                    <option key={version} value={version}>
                      {version}
                      {active && ' (active)'}
                    </option>
                  ))}
                </select>
              </label>
            ))}
          </div>
          <Sides api={api} left={left} right={right} />
        </>
      )}
    </section>
  );
}

function Sides({ api, left, right }: { api: string; left: number; right: number }) {
  const { value, error } = useResource<Comparison>(`${api}/compare?left=${left}&right=${right}`, ['models']);
  if (value === undefined) return error === null ? <Loading /> : <Problem words={error} />;
  const sides = [value.left, value.right] as const;
  return (
    <>
      <ScrollArea label="Two versions side by side">
        <table class="compared">
          <thead>
            <tr>
              <th scope="col">What</th>
              {sides.map((side, index) => (
                <th scope="col" key={index === 0 ? 'left' : 'right'}>
                  Version {side.version}{' '}
                  <Badge tone={side.active ? 'good' : 'quiet'}>{side.active ? 'active' : side.state}</Badge>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {[...LINES, ...examLines(sides), ...parameterLines(sides)].map((line) => (
              <Row key={line[0]} line={line} sides={sides} />
            ))}
            <tr>
              <th scope="row">Files</th>
              {sides.map((side, index) => (
                <td key={index === 0 ? 'left' : 'right'}>
                  <Files api={api} side={side} />
                </td>
              ))}
            </tr>
          </tbody>
        </table>
      </ScrollArea>
      <p class="hint">What differs is bold. Exam: share of injected anomalies that the version finds.</p>
      <LossChart left={value.left} right={value.right} />
    </>
  );
}

function Row({ line: [name, read], sides }: { line: Line; sides: readonly [ComparedVersion, ComparedVersion] }) {
  const [left, right] = [read(sides[0]), read(sides[1])];
  return (
    <tr class={left === right ? '' : 'differs'}>
      <th scope="row">{name}</th>
      <td>{left}</td>
      <td>{right}</td>
    </tr>
  );
}

function examLines(sides: readonly ComparedVersion[]): Line[] {
  const classes = [...new Set(sides.flatMap(({ exam }) => exam?.byClass.map((one) => one.class) ?? []))];
  return [
    ['Exam, all', ({ exam }) => share(exam?.recall)],
    ...classes.map(
      (name): Line => [`Exam, ${name}`, ({ exam }) => share(exam?.byClass.find((one) => one.class === name)?.found)],
    ),
  ];
}

function parameterLines(sides: readonly ComparedVersion[]): Line[] {
  const names = [...new Set(sides.flatMap(({ parameters }) => parameters.map(({ name }) => name)))];
  return names.map((name) => [
    sentence(name.replace(/([a-z])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`)),
    ({ parameters }) => short(parameters.find((one) => one.name === name)?.value ?? '–'),
  ]);
}

/** Of a long fraction, as many digits as a person compares. */
function short(value: string): string {
  return /^-?\d+\.\d{5,}$/.test(value) ? String(Number(Number(value).toPrecision(4))) : value;
}

function Files({ api, side }: { api: string; side: ComparedVersion }) {
  if (side.files.length === 0) return <>pruned</>;
  return (
    <>
      {side.files.map(({ name, bytes, sha256 }) => (
        <div key={name}>
          <a href={`${api}/versions/${side.version}/files/${name}`} download title={`SHA-256 ${sha256}`}>
            {name}
          </a>{' '}
          <small>{amount(bytes)} bytes</small>
        </div>
      ))}
    </>
  );
}
