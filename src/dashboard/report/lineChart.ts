import { html, type Markup } from './html.js';

const WIDTH = 900;
const HEIGHT = 110;
const LEFT = 60;

export interface LineChart {
  title: string;
  /** Milliseconds, rising. */
  times: readonly number[];
  values: readonly (number | null)[];
  limit: number | null;
  /** The stretch on a coloured ground. */
  from: number;
  until: number;
}

const clock = (time: number): string => new Date(time).toISOString().slice(11, 16);

/** A curve over time as SVG, with its limit, and the stretch that matters marked. */
export function lineChart({ title, times, values, limit, from, until }: LineChart): Markup {
  const first = times[0] ?? from;
  const last = times.at(-1) ?? until;
  const known = values.filter((value): value is number => value !== null);
  const top = Math.max(limit ?? 0, ...known) * 1.1 || 1;
  const x = (time: number): string => {
    const share = Math.min(1, Math.max(0, (time - first) / Math.max(1, last - first)));
    return (LEFT + share * (WIDTH - LEFT)).toFixed(1);
  };
  const y = (value: number): string => (HEIGHT - (value / top) * HEIGHT).toFixed(1);
  // where nothing is known the line is broken
  const pieces: string[] = [];
  let drawing = false;
  values.forEach((value, i) => {
    if (value !== null) pieces.push(`${drawing ? 'L' : 'M'}${x(times[i]!)} ${y(value)}`);
    drawing = value !== null;
  });
  const width = Math.max(1, Number(x(until)) - Number(x(from))).toFixed(1);
  const threshold =
    limit === null ? html`` : html`<line class="limit" x1="${LEFT}" x2="${WIDTH}" y1="${y(limit)}" y2="${y(limit)}"/>`;
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT + 18}" role="img" aria-label="${title}">
<rect class="during" x="${x(from)}" y="0" width="${width}" height="${HEIGHT}"/>
<path class="line" d="${pieces.join(' ')}"/>${threshold}
<text x="0" y="11">${Number(top.toPrecision(3)).toLocaleString('en-US')}</text><text x="0" y="${HEIGHT}">0</text>
<text x="${LEFT}" y="${HEIGHT + 14}">${clock(first)}</text>
<text x="${WIDTH}" y="${HEIGHT + 14}" text-anchor="end">${clock(last)} UTC</text></svg>`;
}
