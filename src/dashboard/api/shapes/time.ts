import { z } from 'zod';

/** Milliseconds since 1970-01-01T00:00Z. */
export const time = z.number().describe('milliseconds since 1970-01-01T00:00Z');
