import type { ComparedVersion } from '../registry/comparison.js';

/** Two versions as lines of a table, "*" where they differ. */
export function comparisonRows(sides: readonly [ComparedVersion, ComparedVersion]): string[][] {
  const names = [...new Set(sides.flatMap((side) => linesOf(side).map(([name]) => name)))];
  const [left, right] = sides.map((side) => new Map(linesOf(side)));
  return names.map((name) => {
    const [a, b] = [left?.get(name) ?? '-', right?.get(name) ?? '-'];
    return [a === b ? '' : '*', name, a, b];
  });
}

const share = (value: number | null | undefined): string => (value == null ? '-' : `${(100 * value).toFixed(2)} %`);
const time = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ');

function linesOf(side: ComparedVersion): [string, string][] {
  const { losses } = side;
  return [
    ['state', side.active ? 'active' : side.state],
    ['data from', time(side.dataFrom)],
    ['data until', time(side.dataUntil)],
    ['minutes', String(side.samples)],
    ['threshold', side.threshold.toPrecision(5)],
    ['ordinary minutes flagged', share(side.flagged)],
    ['exam', share(side.exam?.recall)],
    ...(side.exam?.byClass ?? []).map((one): [string, string] => [`exam, ${one.class}`, share(one.found)]),
    ['loss, first to last', losses.length === 0 ? '-' : `${losses[0]!.toFixed(4)} to ${losses.at(-1)!.toFixed(4)}`],
    ['epochs', losses.length === 0 ? '-' : String(losses.length)],
    ...side.parameters.map(({ name, value }): [string, string] => [name, value]),
    ['seed', String(side.seed)],
    ['made by', side.codeVersion],
    ['training took', side.seconds === null ? '-' : `${side.seconds.toFixed(1)} s`],
    ['drift checks since', side.drift.map(({ outcome, checks }) => `${outcome}: ${checks}`).join(', ') || 'none'],
    ['files', side.files.map(({ name }) => name).join(', ') || 'pruned'],
    ['why this state', side.reasons.join('; ') || '-'],
  ];
}
