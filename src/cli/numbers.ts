import { InvalidArgumentError } from 'commander';

/** Reads an option that is a whole number within limits, both included. Else commander says so, and exit code 2. */
export function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d{1,15}$/.test(text.trim()) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`expected a whole number from ${least} to ${most}.`);
  };
}
