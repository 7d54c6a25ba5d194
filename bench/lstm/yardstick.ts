import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { STEPS } from '../../src/models/lstm/windows.js';
import { FEATURES } from './windows.js';

const YARDSTICK = '../shared/yardsticks/lstm_autoencoder.py';

/** What the PyTorch reference says of one run; times are its fastest epoch's. */
export interface Torch {
  library: string;
  train_us: number;
  score_us: number;
  losses: number[];
}

/** PyTorch's reference run on the windows of a file, or null where it is not installed. */
export async function torch(file: string, options: Record<string, number>): Promise<Torch | null> {
  if (!existsSync(YARDSTICK)) return null;
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  try {
    const run = promisify(execFile);
    const { stdout } = await run('/usr/bin/python3', [YARDSTICK, file, String(STEPS), String(FEATURES), ...flags]);
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as Torch;
  } catch (error) {
    console.error(`PyTorch is left out: ${(error as Error).message.split('\n').slice(0, 2).join(' ')}`);
    return null;
  }
}
