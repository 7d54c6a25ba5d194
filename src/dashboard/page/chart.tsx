import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { amount, shortTime } from './words.js';

export interface Shade {
  from: number;
  until: number;
  /** A CSS variable's name. */
  colour: string;
}

/** A part of the time, milliseconds. */
export interface Zoom {
  from: number;
  until: number;
}

interface ChartProps {
  /** What the chart shows, for those who cannot see it. */
  label: string;
  /** Milliseconds. */
  times: readonly number[];
  values: readonly (number | null)[];
  /** Lowest of each point where `values` are the highest. */
  low?: readonly (number | null)[];
  threshold?: readonly (number | null)[];
  /** Marks points in the colour of alarm. */
  marked?: readonly number[];
  shades?: readonly Shade[];
  /** Charts of one group share the cursor. */
  group: string;
  height?: number;
  /** The part that is shown, where somebody keeps it; null: all. */
  zoom?: Zoom | null;
  onZoom?: (zoom: Zoom | null) => void;
  colour?: string;
}

const SECONDS = 1000;

/** One line over time with what belongs to it: band, threshold, marks, shaded spans. Drag to zoom, double-click to undo. */
export function Chart(props: ChartProps) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<{ chart: uPlot; props: ChartProps } | null>(null);
  const shape = `${props.low !== undefined} ${props.threshold !== undefined} ${props.group} ${steep(props)}`;

  useEffect(() => {
    const element = holder.current;
    if (element === null) return undefined;
    const held = { chart: null as unknown as uPlot, props };
    const make = () => {
      held.chart?.destroy();
      held.chart = new uPlot(
        optionsOf(element, () => held.props),
        dataOf(held.props),
        element,
      );
      plot.current = held;
      zoomTo(held.chart, held.props);
    };
    make();
    const size = new ResizeObserver(() => {
      held.chart.setSize({ width: element.clientWidth, height: held.props.height ?? 150 });
    });
    size.observe(element);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', make);
    return () => {
      size.disconnect();
      scheme.removeEventListener('change', make);
      held.chart.destroy();
      plot.current = null;
    };
    // Only another shape needs another chart; new values go into the one that is there.
  }, [shape]);

  useEffect(() => {
    if (plot.current === null) return;
    plot.current.props = props;
    plot.current.chart.setData(dataOf(props), false);
    zoomTo(plot.current.chart, props);
  }, [props.times, props.values, props.shades, props.zoom?.from, props.zoom?.until]);

  return <div class="chart" role="img" aria-label={props.label} ref={holder} />;
}

/** Shows the part that is kept, or all there is. */
function zoomTo(chart: uPlot, { times, zoom }: ChartProps): void {
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined) return;
  const { from, until } = zoom ?? { from: first, until: last };
  chart.setScale('x', { min: from / SECONDS, max: until / SECONDS });
}

function dataOf({ times, values, low, threshold }: ChartProps): uPlot.AlignedData {
  const columns: (number | null)[][] = [[...values]];
  if (low !== undefined) columns.push([...low]);
  if (threshold !== undefined) columns.push([...threshold]);
  return [times.map((time) => time / SECONDS), ...columns];
}

/** A spike far over the threshold would flatten everything else: such values are drawn on an asinh scale. */
function steep({ values, threshold }: ChartProps): boolean {
  const limit = threshold?.find((value) => value !== null && value > 0) ?? null;
  return limit !== null && values.some((value) => value !== null && value > 8 * limit);
}

function optionsOf(element: HTMLElement, now: () => ChartProps): uPlot.Options {
  const props = now();
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const line = colour(props.colour ?? '--line');
  const axis: uPlot.Axis = {
    stroke: colour('--quiet'),
    grid: { stroke: colour('--grid'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  };
  const limit = props.threshold?.find((value) => value !== null) ?? 1;
  const series: uPlot.Series[] = [{}, { stroke: line, width: 1.5, points: { show: false }, spanGaps: false }];
  if (props.low !== undefined) series.push({ stroke: line, width: 0.5, points: { show: false } });
  if (props.threshold !== undefined) {
    series.push({ stroke: colour('--alarm'), width: 1.2, dash: [6, 4], points: { show: false } });
  }
  return {
    width: element.clientWidth || 300,
    height: props.height ?? 150,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * SECONDS), 'Etc/UTC'),
    legend: { show: false },
    cursor: {
      sync: { key: props.group },
      // A level line under the pointer would be read as a threshold.
      y: false,
      points: { size: 6 },
      drag: { x: true, y: false },
      bind: {
        dblclick: (_plot, _target, handler) => (event) => {
          handler(event);
          now().onZoom?.(null);
          return null;
        },
      },
    },
    scales: {
      y: {
        ...(steep(props) && { distr: 4 as const, asinh: limit || 1 }),
        range: (_plot, low, high) => {
          const top = Math.max(high ?? 1, limit);
          const bottom = Math.min(low ?? 0, 0);
          return [bottom, top > bottom ? top + (top - bottom) * 0.08 : bottom + 1];
        },
      },
    },
    axes: [
      { ...axis, space: 80, size: 26, values: (_plot, ticks) => clockTicks(ticks) },
      {
        ...axis,
        size: 46,
        space: 22,
        values: (_plot, ticks) => ticks.map((tick) => (tick === null ? '' : short(tick))),
      },
    ],
    series,
    ...(props.low !== undefined && { bands: [{ series: [1, 2], fill: colour('--band') }] }),
    hooks: {
      setSelect: [(plot) => keepZoom(plot, now())],
      drawClear: [(plot) => shade(plot, now().shades ?? [], colour)],
      draw: [(plot) => mark(plot, now(), colour('--alarm'))],
      setCursor: [(plot) => tell(plot, element, now())],
    },
  };
}

/** The hour, and the date where it begins or where ticks are days apart. Ticks within one minute have one label. */
function clockTicks(ticks: readonly number[]): string[] {
  const labels = ticks.map((tick) => {
    const text = shortTime(tick * SECONDS);
    const space = text.lastIndexOf(' ');
    return tick % 86_400 === 0 ? text.slice(0, space) : text.slice(space + 1);
  });
  return labels.map((label, at) => (label === labels[at - 1] ? '' : label));
}

function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return `${+(value / 1e6).toFixed(1)}M`;
  if (size >= 1e4) return `${+(value / 1e3).toFixed(1)}k`;
  return String(+value.toPrecision(3));
}

function shade(plot: uPlot, shades: readonly Shade[], colour: (name: string) => string): void {
  const { ctx, bbox } = plot;
  for (const { from, until, colour: name } of shades) {
    const left = Math.max(bbox.left, plot.valToPos(from / SECONDS, 'x', true));
    const right = Math.min(bbox.left + bbox.width, plot.valToPos(until / SECONDS, 'x', true));
    if (right < bbox.left || left > bbox.left + bbox.width) continue;
    ctx.fillStyle = colour(name);
    ctx.fillRect(left, bbox.top, Math.max(2 * devicePixelRatio, right - left), bbox.height);
  }
}

function mark(plot: uPlot, { times, values, marked }: ChartProps, colour: string): void {
  if (marked === undefined) return;
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = colour;
  marked.forEach((on, index) => {
    const [time, value] = [times[index], values[index]];
    if (on !== 1 || time === undefined || value === null || value === undefined) return;
    ctx.beginPath();
    ctx.arc(plot.valToPos(time / SECONDS, 'x', true), plot.valToPos(value, 'y', true), 2.2 * devicePixelRatio, 0, 7);
    ctx.fill();
  });
  ctx.restore();
}

/** Somebody dragged across the chart. */
function keepZoom(plot: uPlot, { onZoom }: ChartProps): void {
  const { left, width } = plot.select;
  if (onZoom === undefined || width < 2) return;
  onZoom({ from: plot.posToVal(left, 'x') * SECONDS, until: plot.posToVal(left + width, 'x') * SECONDS });
}

/** Puts what is under the cursor into the chart's caption. */
function tell(plot: uPlot, element: HTMLElement, { times, values, threshold }: ChartProps): void {
  const caption = element.parentElement?.querySelector('.reading');
  if (!caption) return;
  const index = plot.cursor.idx;
  const [time, value] = index === null || index === undefined ? [] : [times[index], values[index]];
  if (time === undefined || index === null || index === undefined) {
    caption.textContent = '';
    return;
  }
  const limit = threshold?.[index];
  caption.textContent =
    value === null || value === undefined
      ? `${shortTime(time)}: no score`
      : `${shortTime(time)}: ${amount(value)}${limit === null || limit === undefined ? '' : ` of ${amount(limit)}`}`;
}
