import { z } from 'zod';
import type { Vrp } from './validity.js';

const vrpEntry = z.object({
  asn: z.union([z.number().int().min(0).max(4_294_967_295), z.string().regex(/^(AS)?\d{1,10}$/i)]),
  prefix: z.string(),
  maxLength: z.number().int().min(0).max(128),
});
const vrpFile = z.object({ roas: z.array(z.unknown()) });

/**
 * Reads the JSON that rpki-client (`-j`) and Routinator (`vrps --format json`) write:
 * `{"roas": [{"asn": "AS13335" or 13335, "prefix": "1.0.0.0/24", "maxLength": 24, "ta": ...}]}`.
 * Entries of another form are counted and left out.
 *
 * @throws Error when the text is no JSON, has no list `roas`, or none of its entries can be read
 */
export function readVrps(text: string): { vrps: Vrp[]; skipped: number } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new Error(`no JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  const file = vrpFile.safeParse(parsed);
  if (!file.success) {
    throw new Error('no list "roas": write the file with "rpki-client -j" or "routinator vrps --format json"');
  }
  const vrps: Vrp[] = [];
  for (const entry of file.data.roas) {
    const read = vrpEntry.safeParse(entry);
    if (!read.success) continue;
    const { asn, prefix, maxLength } = read.data;
    vrps.push({ asn: typeof asn === 'number' ? asn : Number(asn.replace(/^AS/i, '')), prefix, maxLength });
  }
  const skipped = file.data.roas.length - vrps.length;
  if (vrps.length === 0 && skipped > 0) throw new Error(`none of ${skipped} entries has asn, prefix and maxLength`);
  return { vrps, skipped };
}
