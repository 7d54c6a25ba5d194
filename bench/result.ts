/** One line of a benchmark: ours beside a named yardstick, measured in the same run. */
export interface BenchResult {
  what: string;
  ours: number;
  /** null where the yardstick is not installed */
  yardstick: number | null;
  yardstick_name: string;
  unit: string;
  /** Over 1 when ours is better, null without a yardstick. */
  ratio: number | null;
  goal: string;
}

export interface Bench {
  name: string;
  /** Lines alone, or figures that other tools read by name with the lines beside them. */
  /** @param options.files those named after the bench's name */
  run(options: {
    quick?: boolean;
    files?: string[];
  }): Promise<BenchResult[] | (Record<string, unknown> & { results: BenchResult[] })>;
}
