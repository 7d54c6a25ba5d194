import { RegistryRefusal } from '../registry/registry.js';
import { NothingWaits } from '../retraining/approvalDesk.js';

/** The act cannot be done; the message says why and what to do, in words for the page and the terminal. */
export class ActRefused extends Error {
  constructor(
    message: string,
    /** Missing: what it names does not exist. Conflict: it does not fit the present state. */
    readonly kind: 'missing' | 'conflict' = 'conflict',
  ) {
    super(message);
    this.name = 'ActRefused';
  }
}

/** A refusal of the parts below as one of an act; any other error as it is. */
export function asRefusal(error: unknown): unknown {
  if (error instanceof RegistryRefusal) return new ActRefused(error.message, error.kind);
  if (error instanceof NothingWaits) return new ActRefused(error.message, 'missing');
  return error;
}
