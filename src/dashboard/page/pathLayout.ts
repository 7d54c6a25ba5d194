import type { PathGraph } from '../api/schema.js';

export interface Placed {
  x: number;
  y: number;
  /** Half of the box's width. */
  half: number;
}

const COLUMN = 148;
const ROW = 44;
const LETTER = 7.4;

/**
 * Columns by the longest way to the prefix, which is at the right; within a column, nodes are ordered by the mean
 * place of what they lead to (the barycentre step of Sugiyama, Tagawa and Toda, 1981), so that few edges cross.
 */
export function layoutOf(graph: PathGraph): { places: Map<string, Placed>; width: number; height: number } {
  const away = distances(graph);
  const columns = new Map<number, string[]>();
  for (const node of graph.nodes) {
    const distance = away.get(node.id) ?? 1;
    columns.set(distance, [...(columns.get(distance) ?? []), node.id]);
  }
  const last = Math.max(0, ...columns.keys());
  const tallest = Math.max(1, ...[...columns.values()].map((column) => column.length));
  const height = tallest * ROW + 16;
  const labels = new Map(graph.nodes.map((node) => [node.id, node.label]));
  const prefixHalf = ((graph.prefix ?? '').length * LETTER + 20) / 2;
  const places = new Map<string, Placed>();
  for (let distance = 0; distance <= last; distance++) {
    const column = columns.get(distance) ?? [];
    const wish = (id: string) => {
      const ends = graph.edges.filter((edge) => edge.from === id).map((edge) => places.get(edge.to)?.y ?? 0);
      return ends.length === 0 ? 0 : ends.reduce((sum, y) => sum + y, 0) / ends.length;
    };
    const ordered = [...column].sort((a, b) => wish(a) - wish(b) || (a < b ? -1 : 1));
    ordered.forEach((id, index) => {
      const label = labels.get(id) ?? id;
      places.set(id, {
        x: (last - distance) * COLUMN + 60 + (distance === 0 ? prefixHalf - 40 : 0),
        y: height / 2 + (index - (ordered.length - 1) / 2) * ROW,
        half: (label.length * LETTER + 20) / 2,
      });
    });
  }
  return { places, width: last * COLUMN + 60 + prefixHalf * 2, height };
}

function distances(graph: PathGraph): Map<string, number> {
  const away = new Map<string, number>([[graph.prefix ?? '', 0]]);
  // As many rounds as there are nodes reach the longest way; a loop in the links cannot push further than that.
  const most = Math.min(graph.nodes.length, 8);
  for (let round = 0; round < most; round++) {
    for (const edge of graph.edges) {
      const next = away.get(edge.to);
      if (next !== undefined && edge.from !== graph.prefix && next + 1 > (away.get(edge.from) ?? 0)) {
        away.set(edge.from, Math.min(most, next + 1));
      }
    }
  }
  return away;
}
