import { basename } from 'node:path';
import { stretchesOf } from './metrics.js';
import type { Track, Walk } from './walk.js';

const WIDTH = 1200;
const HEIGHT = 150;
const LEFT = 60;

/**
 * One page that needs nothing else: for each model and the ensemble the score over time, its threshold, the labelled
 * stretches (red ground) and the anomalous minutes (red bar below).
 */
export function plotHtml(file: string, walked: Walk, labels: Uint8Array, minutes: ArrayLike<number>): string {
  const tracks: [string, Track][] = [...Object.entries(walked.models), ['ensemble', walked.ensemble]];
  const charts = tracks.map(([name, track]) => chart(name, track, labels, minutes)).join('\n');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(basename(file))}: scores</title>
<style>body{font:14px system-ui,sans-serif;margin:2rem;max-width:${WIDTH + LEFT}px}svg{display:block;width:100%}
h2{margin:1.5rem 0 .25rem;font-size:1rem}.score{fill:none;stroke:#1d4ed8}.threshold{stroke:#b45309;stroke-dasharray:6 4}
.label{fill:#fecaca}.verdict{fill:#b91c1c}text{font-size:11px;fill:#374151}</style></head><body>
<h1>${escaped(basename(file))}</h1>
<p>Score of each test minute (blue), threshold fixed in training (dashed), labelled minutes (red ground) and minutes
called anomalous (red bar).</p>
${charts}
</body></html>
`;
}

function chart(name: string, track: Track, labels: Uint8Array, minutes: ArrayLike<number>): string {
  const n = labels.length;
  let top = track.threshold * 1.2;
  let bottom = 0;
  for (const s of track.score) {
    if (!Number.isFinite(s)) continue;
    top = Math.max(top, s);
    bottom = Math.min(bottom, s);
  }
  const x = (row: number): string => (LEFT + (row / Math.max(1, n - 1)) * WIDTH).toFixed(1);
  const y = (s: number): string => (HEIGHT - ((s - bottom) / (top - bottom)) * (HEIGHT - 10)).toFixed(1);
  const bar = (from: number, to: number, cls: string, at: number, height: number): string =>
    `<rect class="${cls}" x="${x(from)}" y="${at}" width="${Math.max(1, ((to - from + 1) / n) * WIDTH).toFixed(1)}" height="${height}"/>`;
  const labelled = stretchesOf(labels).map(({ first, last }) => bar(first, last, 'label', 0, HEIGHT));
  const called = stretchesOf(track.anomalous).map(({ first, last }) => bar(first, last, 'verdict', HEIGHT + 2, 6));
  const points = Array.from(track.score, (s, row) => (Number.isFinite(s) ? `${x(row)},${y(s)}` : '')).join(' ');
  const days = Array.from({ length: n }, (_, row) => row).filter((row) => minutes[row]! % 360 === 0);
  const ticks = days.map((row) => {
    const hour = String((minutes[row]! / 60) % 24).padStart(2, '0');
    return `<text x="${x(row)}" y="${HEIGHT + 22}">${hour}:00</text>`;
  });
  return `<h2>${escaped(name)}</h2>
<svg viewBox="0 0 ${WIDTH + LEFT} ${HEIGHT + 28}" role="img" aria-label="scores of ${escaped(name)}">
${labelled.join('')}<polyline class="score" points="${points}"/>
<line class="threshold" x1="${LEFT}" x2="${WIDTH + LEFT}" y1="${y(track.threshold)}" y2="${y(track.threshold)}"/>
<text x="0" y="12">${top.toPrecision(3)}</text><text x="0" y="${HEIGHT}">${bottom.toPrecision(3)}</text>
${called.join('')}${ticks.join('')}</svg>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}
