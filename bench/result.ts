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

/** From the command line; a bench reads those that it knows. */
export interface BenchOptions {
  quick: boolean;
  /** No model is trained: every minute is taken as ordinary. */
  calm?: boolean;
  /** Files or folders named after the bench. */
  files: string[];
  /** File in which feature rows are kept between runs. */
  rows?: string;
  'watch-prefixes'?: string;
  'watch-as'?: string;
  seed?: string;
  /** A recording of updates whose peers are lost for a while: that is all that is measured. */
  lost?: string;
  /** How many seeds, from that one on. */
  seeds?: string;
  events?: string;
  /** The one kind of event that is written. */
  only?: string;
  /** Minutes after which a bench of many trials reports what it has. */
  minutes?: string;
  threads?: string;
  /** Series that are walked, and days in which traffic grows; 0 leaves either out. */
  series?: string;
  'frog-days'?: string;
  /** Kinds of models and days of the windows that are tried, with commas between them; all without it. */
  kinds?: string;
  windows?: string;
  /** Rows of the file at which its traffic changes for good. */
  boundaries?: number[];
  /** Days of that file that are walked. */
  days?: number;
  /** One of the orders of recordings; all without it. */
  order?: string;
}

export interface Bench {
  name: string;
  /** Its databases are on the server that tests have: it is started first, and ended. */
  onTestServer?: boolean;
  /** Lines alone, or figures that other tools read by name with the lines beside them. */
  run(options: BenchOptions): Promise<BenchResult[] | (Record<string, unknown> & { results: BenchResult[] })>;
}
