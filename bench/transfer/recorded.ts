import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type LabelledMinutes, readLabelledMinutes, rowsOf } from '../../src/evaluation/labelledMinutes.js';

const DATA = '../shared/data/features';
const SHARED = [
  'Slammer',
  'Nimda',
  'Code_Red_I',
  'TTNet_leak_2004',
  'Malaysia_leak_2015',
  'RIPE_regular',
  'BCNET_regular',
].map((name) => `${DATA}/${name}.csv`);

export interface Recording {
  name: string;
  data: LabelledMinutes;
}

/** The files asked for, or the shared ones that are there. */
export function recordings(files: readonly string[]): Recording[] {
  const asked = files.length > 0 ? files : SHARED.filter((file) => existsSync(file));
  return asked.map((file) => ({
    name: basename(file, '.csv'),
    data: readLabelledMinutes(readFileSync(file, 'utf8')),
  }));
}

/** The rows before the first labelled one: all that nobody called anomalous. */
export function ordinary({ data }: Recording): LabelledMinutes {
  const first = data.labels.indexOf(1);
  const end = first < 0 ? data.labels.length : first;
  return { ...data, block: rowsOf(data.block, 0, end), labels: data.labels.subarray(0, end) };
}
