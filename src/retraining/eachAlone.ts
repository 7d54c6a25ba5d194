import { storeIsAway } from '../storage/storeAway.js';

/**
 * Does something for each by itself, so that one that fails keeps none of the others from its turn.
 * @throws the store's error at once when it is away; else, after all, an AggregateError of what failed, named by `nameOf`
 */
export async function eachAlone<T>(
  all: readonly T[],
  nameOf: (one: T) => string,
  work: (one: T) => Promise<void>,
): Promise<void> {
  const faults: Error[] = [];
  for (const one of all) {
    try {
      await work(one);
    } catch (error) {
      if (storeIsAway(error)) throw error;
      faults.push(
        new Error(`${nameOf(one)}: ${error instanceof Error ? error.message : String(error)}`, { cause: error }),
      );
    }
  }
  if (faults.length > 0) throw new AggregateError(faults, faults.map(({ message }) => message).join('; '));
}
