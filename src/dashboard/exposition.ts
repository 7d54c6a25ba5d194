export interface Sample {
  labels: Readonly<Record<string, string>>;
  value: number;
}

/**
 * One metric in the text format of Prometheus, version 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). A counter's name ends in `_total`.
 */
export function metric(
  name: string,
  help: string,
  samples: readonly Sample[],
  type: 'gauge' | 'counter' = 'gauge',
): string {
  return head(name, help, type) + samples.map(({ labels, value }) => line(name, labels, value)).join('');
}

interface Series {
  labels: Readonly<Record<string, string>>;
  /** Observations at or below each bound; what lies above all of them is in `count` alone. */
  below: number[];
  count: number;
  sum: number;
}

/** A histogram of Prometheus that counts since the process began, by labels. */
export class Histogram {
  readonly #series = new Map<string, Series>();

  /** @param bounds upper bounds of its buckets, rising, in the unit that the name ends in */
  constructor(
    private readonly name: string,
    private readonly help: string,
    private readonly bounds: readonly number[],
  ) {}

  observe(labels: Readonly<Record<string, string>>, value: number): void {
    const key = JSON.stringify(labels);
    const series = this.#series.get(key) ?? { labels, below: this.bounds.map(() => 0), count: 0, sum: 0 };
    this.#series.set(key, series);
    for (const [at, bound] of this.bounds.entries()) if (value <= bound) series.below[at] = (series.below[at] ?? 0) + 1;
    series.count += 1;
    series.sum += value;
  }

  text(): string {
    const { name, bounds } = this;
    const lines = [...this.#series.values()].flatMap(({ labels, below, count, sum }) => [
      ...bounds.map((bound, at) => line(`${name}_bucket`, { ...labels, le: String(bound) }, below[at] ?? 0)),
      line(`${name}_bucket`, { ...labels, le: '+Inf' }, count),
      line(`${name}_sum`, labels, sum),
      line(`${name}_count`, labels, count),
    ]);
    return head(name, this.help, 'histogram') + lines.join('');
  }
}

function head(name: string, help: string, type: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

function line(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  const text = Object.entries(labels).map(([label, content]) => `${label}="${escaped(content)}"`);
  return `${name}{${text.join(',')}} ${value}\n`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
