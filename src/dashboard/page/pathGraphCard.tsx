import { useState } from 'preact/hooks';
import type { PathGraph } from '../api/schema.js';
import { layoutOf, type Placed } from './pathLayout.js';
import { useResource } from './resource.js';
import { ScrollArea } from './scrollArea.js';
import { Empty, Loading, Problem } from './states.js';
import { timeOf } from './words.js';

const NOTHING_TO_DRAW =
  'There is no picture to draw: no prefix of this incident went over to a new origin or to a new link. Routes that were ' +
  'withdrawn have no path left, and what was only announced more often kept its own.';
/** What contradicts a declaration is found within seconds; the rows that the picture is drawn from follow a minute later. */
const NOT_YET = 'The picture comes when the first minute is complete, a minute or two after it began.';

/**
 * The AS graph towards a culprit prefix, with a slider over the incident. `at` is the minute that is shown, in milliseconds;
 * null: the height of the event. `began` is the minute in which the incident begins.
 */
export function PathGraphCard(props: { id: number; began: number; at: number | null; setAt: (at: number) => void }) {
  const { id, began, at, setAt } = props;
  const [prefix, setPrefix] = useState('');
  const query = prefix === '' ? '' : `?prefix=${encodeURIComponent(prefix)}`;
  const { value, error } = useResource<PathGraph>(`/api/incidents/${id}/paths${query}`, ['incidents']);
  return (
    <section class="card" aria-labelledby="paths">
      <div class="head">
        <h2 id="paths">Paths to the prefix</h2>
        {value !== undefined && value.prefixes.length > 0 && (
          <label class="inline">
            <span class="hidden">Prefix</span>
            <select value={value.prefix ?? ''} onChange={(event) => setPrefix(event.currentTarget.value)}>
              {value.prefixes.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
        )}
      </div>
      {value === undefined && (error === null ? <Loading /> : <Problem words={error} />)}
      {value !== undefined && value.prefix === null && (
        <Empty>{value.minutes.some((minute) => minute >= began) ? NOTHING_TO_DRAW : NOT_YET}</Empty>
      )}
      {value !== undefined && value.prefix !== null && (
        <Picture
          graph={value}
          moment={momentOf(value, at)}
          setMoment={(moment) => setAt(value.minutes[moment] ?? (value.minutes[0] ?? 0) - 1)}
        />
      )}
    </section>
  );
}

/** The place of the newest minute up to a time; -1: before the incident. */
function momentOf({ minutes, height }: PathGraph, at: number | null): number {
  const wanted = at ?? height ?? minutes.at(-1) ?? 0;
  return minutes.findLastIndex((minute) => minute <= wanted);
}

function Picture(props: { graph: PathGraph; moment: number; setMoment: (moment: number) => void }) {
  const { graph, moment, setMoment } = props;
  const at = moment < 0 ? 0 : (graph.minutes[Math.min(moment, graph.minutes.length - 1)] ?? 0);
  const { places, width, height } = layoutOf(graph);
  const now = routesAt(graph, moment < 0 ? null : at);
  const state = edgeStates(graph, now, moment < 0);
  const seen = graph.edges.filter((edge) => edge.before || edge.since === null || (moment >= 0 && edge.since <= at));
  const used = seen.filter((edge) => state(edge) !== 'old');
  const shown = new Set([graph.prefix, ...(used.length > 0 ? used : seen).flatMap((edge) => [edge.from, edge.to])]);
  const fresh = seen.filter((edge) => edge.isNew);
  const overNew = new Set(fresh.map((edge) => `${edge.from}>${edge.to}`));
  const changed = [...now.values()].filter((route) => edgesOf(graph, route).some((edge) => overNew.has(edge))).length;
  return (
    <>
      <ScrollArea label="Picture of the paths" fromEnd>
        <svg
          class="paths"
          viewBox={`0 0 ${width} ${height}`}
          width={width}
          role="img"
          aria-label={`Paths to ${graph.prefix}: ${fresh.length} new links`}
        >
          <defs>
            {['old', 'new', 'path'].map((kind) => (
              <marker
                key={kind}
                id={`tip-${kind}`}
                class={`tip ${kind}`}
                viewBox="0 0 8 8"
                refX="7"
                refY="4"
                markerWidth="7"
                markerHeight="7"
                orient="auto"
              >
                <path d="M0 0 8 4 0 8z" />
              </marker>
            ))}
          </defs>
          {seen.map((edge) => {
            const [from, to] = [places.get(edge.from), places.get(edge.to)];
            if (from === undefined || to === undefined) return null;
            const kind = state(edge);
            return (
              <path
                key={`${edge.from} ${edge.to}`}
                class={`edge ${kind}`}
                d={curve(from, to)}
                marker-end={`url(#tip-${kind})`}
              >
                <title>{edge.words}</title>
              </path>
            );
          })}
          {graph.nodes.map((node) => {
            const place = places.get(node.id);
            if (place === undefined) return null;
            return (
              <g
                key={node.id}
                class={`node ${node.kind} ${shown.has(node.id) ? '' : 'later'}`}
                transform={`translate(${place.x} ${place.y})`}
              >
                <rect x={-place.half} y={-13} width={place.half * 2} height={26} rx={node.kind === 'prefix' ? 3 : 13} />
                <text text-anchor="middle" dy="4">
                  {node.label}
                </text>
              </g>
            );
          })}
        </svg>
      </ScrollArea>
      <p class="legend">
        <span class="item">
          <span class="key path" /> in use, by the newest route recorded
        </span>
        <span class="item">
          <span class="key new" /> in use, never seen before
        </span>
        <span class="item">
          <span class="key old" /> used earlier, and left since
        </span>
      </p>
      <p class="hint">From the peers of the collector at the left to the prefix at the right.</p>
      <label class="slider">
        <span>
          {moment < 0 ? 'Before the incident' : `At ${timeOf(at)}`}
          {at === graph.height && moment >= 0 && ', its height'}, {fresh.length} new link
          {fresh.length === 1 ? '' : 's'}
          {graph.routes.length > 0 &&
            moment >= 0 &&
            `, taken by ${changed} of the ${now.size} peers whose path is known`}
        </span>
        <input
          type="range"
          min={-1}
          max={graph.minutes.length - 1}
          value={moment}
          onInput={(event) => setMoment(Number(event.currentTarget.value))}
        />
      </label>
      <ul class="reasons">
        {fresh.slice(0, 6).map((edge) => (
          <li key={`${edge.from} ${edge.to}`}>{edge.words}.</li>
        ))}
      </ul>
    </>
  );
}

type Edge = PathGraph['edges'][number];
type Route = PathGraph['routes'][number];

function edgesOf({ prefix }: PathGraph, { path }: Route): string[] {
  return path.map((hop, index) => `${hop}>${path[index + 1] ?? prefix}`);
}

/** Each peer's route at a moment; null: before the incident. */
function routesAt({ routes }: PathGraph, at: number | null): Map<string, Route> {
  const now = new Map<string, Route>();
  for (const route of routes)
    if (route.since === null || (at !== null && route.since <= at)) now.set(route.peer, route);
  return now;
}

/** How an edge is drawn: by the peers' routes where they are known, else by when it was first seen. */
function edgeStates(
  graph: PathGraph,
  now: Map<string, Route>,
  before: boolean,
): (edge: Edge) => 'new' | 'path' | 'old' {
  const known = new Set(graph.routes.flatMap((route) => edgesOf(graph, route)));
  const used = new Set([...now.values()].flatMap((route) => edgesOf(graph, route)));
  return (edge) => {
    const key = `${edge.from}>${edge.to}`;
    if (known.has(key) && !used.has(key)) return 'old';
    if (edge.isNew) return 'new';
    return !known.has(key) && edge.before && !before ? 'old' : 'path';
  };
}

function curve(from: Placed, to: Placed): string {
  const [x1, x2] = [from.x + from.half, to.x - to.half - 2];
  const bend = Math.max(24, (x2 - x1) / 2);
  return `M${x1} ${from.y}C${x1 + bend} ${from.y} ${x2 - bend} ${to.y} ${x2} ${to.y}`;
}
