import { z } from 'zod';
import { hostFetch } from './http/hostFetch.js';

export const RIPESTAT_URL = 'https://stat.ripe.net';
const MOST_BYTES = 20_000_000;

/** Data API of RIPEstat: https://stat.ripe.net/docs/data-api/api-endpoints/announced-prefixes and `asn-neighbours`. */
const announced = z.object({ data: z.object({ prefixes: z.array(z.object({ prefix: z.string() })) }) });
const neighbours = z.object({
  data: z.object({ neighbours: z.array(z.object({ asn: z.number(), type: z.string() })) }),
});

/** What RIPEstat has seen of a network in the last two weeks. */
export interface Announced {
  prefixes: string[];
  /** Networks that come before it in paths: its providers, and some of its peers. */
  upstreams: number[];
  /** Networks behind it. */
  downstreams: number[];
}

/**
 * Asks RIPEstat twice for one network. Nothing else is sent than its number.
 * @throws Error with the host and the reason when it does not answer in time, refuses, or answers in another form
 */
export async function announcedBy(
  network: number,
  { url = RIPESTAT_URL, signal }: { url?: string; signal: AbortSignal },
): Promise<Announced> {
  const ask = async <Shape>(call: string, shape: z.ZodType<Shape>): Promise<Shape> => {
    const address = `${url.replace(/\/+$/, '')}/data/${call}/data.json?resource=AS${network}&sourceapp=routewarden`;
    const { host } = new URL(address);
    const response = await hostFetch(address, { headers: { accept: 'application/json' }, signal }).catch(
      (error: Error) => {
        throw new Error(`${host}: ${error.cause instanceof Error ? error.cause.message : error.message}`);
      },
    );
    const text = await bounded(response);
    if (!response.ok) throw new Error(`${host} answered ${response.status}`);
    const read = shape.safeParse(jsonOf(text));
    if (!read.success) throw new Error(`${host} answered ${call} in another form than its documentation says`);
    return read.data;
  };
  const { data } = await ask('announced-prefixes', announced);
  const beside = await ask('asn-neighbours', neighbours);
  return {
    prefixes: data.prefixes.map(({ prefix }) => prefix),
    upstreams: beside.data.neighbours.filter(({ type }) => type === 'left').map(({ asn }) => asn),
    downstreams: beside.data.neighbours.filter(({ type }) => type === 'right').map(({ asn }) => asn),
  };
}

async function bounded(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of response.body ?? []) {
    size += piece.length;
    if (size > MOST_BYTES) throw new Error(`more than ${MOST_BYTES} bytes came`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // refused by the shape
  }
}
