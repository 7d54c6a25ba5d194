import type { DriftDetail } from '../api/schema.js';
import { html, type Markup, page, rowsOf } from './html.js';

const WIDTH = 900;
const HEIGHT = 90;

const text = (time: number): string => `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
const figure = (value: number): string => Number(value.toPrecision(3)).toLocaleString('en-US');

/** A drift check as a page of its own, to print or to send: the finding, the criteria, and each input then and now. */
export function driftReportPage(detail: DriftDetail, now: number): string {
  const title = `Drift check of ${detail.model}: ${detail.outcome}`;
  return page(title, [
    html`<h1>${title}</h1>
<p class="facts">${detail.version === null ? 'No version' : `Version ${detail.version}`}; now: ${text(detail.currentFrom)} to ${text(detail.windowEnd)};
baseline from ${text(detail.baselineFrom)}.</p>
<p>${detail.reason}</p>
<p class="facts">In each picture, grey is the baseline and blue is now: the share of minutes at each value.</p>`,
    detail.scores === null ? html`` : html`<h2>Anomaly score</h2>${bars('Anomaly score', detail.scores)}`,
    html`<h2>Measures</h2>`,
    rowsOf(
      ['measure', 'then and now', ''],
      detail.criteria.map(({ name, words, exceeded }) => [name, words, exceeded ? 'over its limit' : '']),
    ),
    html`<h2>Inputs, those that changed most first</h2>`,
    ...detail.features.map(
      ({ label, unit, words, before, now: after, statistics, distribution }) =>
        html`<h3>${label}: ${words}</h3>
<p class="facts">Mean ${figure(before)}, now ${figure(after)} ${unit}.
${Object.entries(statistics).map(([name, value]) => html`${name} ${figure(value)}. `)}</p>
${distribution === null ? html`` : bars(label, distribution)}`,
    ),
    html`<p class="facts">Made by Routewarden, ${text(now)}.</p>`,
  ]);
}

/** Shares of minutes by value: pairs of bars, then and now. */
function bars(label: string, { edges, baseline, current }: NonNullable<DriftDetail['scores']>): Markup {
  const shares = (counts: readonly number[]): number[] => {
    const sum = counts.reduce((total, count) => total + count, 0) || 1;
    return counts.map((count) => count / sum);
  };
  const before = shares(baseline);
  const after = shares(current);
  const top = Math.max(...before, ...after, 1e-9);
  const step = WIDTH / Math.max(1, before.length);
  const bar = (share: number, at: number, part: 0 | 1): Markup => {
    const height = (share / top) * HEIGHT;
    const x = ((at + 0.1 + part * 0.4) * step).toFixed(1);
    return html`<rect class="${part === 0 ? 'then' : 'now'}" x="${x}" y="${(HEIGHT - height).toFixed(1)}" width="${(step * 0.4).toFixed(1)}" height="${height.toFixed(1)}"/>`;
  };
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT + 16}" role="img" aria-label="${label}: baseline and now">
${before.map((share, at) => html`${bar(share, at, 0)}${bar(after[at] ?? 0, at, 1)}`)}
<text x="0" y="${HEIGHT + 13}">${figure(edges[0] ?? 0)}</text>
<text x="${WIDTH}" y="${HEIGHT + 13}" text-anchor="end">${figure(edges.at(-1) ?? 0)}</text></svg>`;
}
