import { z } from 'zod';
import type { Vrp } from './validity.js';

/** Checked by hand: there are half a million entries, and a schema takes seconds for them. */
function readEntry(entry: unknown): Vrp | null {
  if (typeof entry !== 'object' || entry === null) return null;
  const { asn, prefix, maxLength } = entry as Record<string, unknown>;
  if (typeof prefix !== 'string' || typeof maxLength !== 'number') return null;
  if (!Number.isInteger(maxLength) || maxLength < 0 || maxLength > 128) return null;
  const number = typeof asn === 'string' && /^(AS)?\d{1,10}$/i.test(asn) ? Number(asn.replace(/^AS/i, '')) : asn;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number > 4_294_967_295) return null;
  return { asn: number, prefix, maxLength };
}

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
    const vrp = readEntry(entry);
    if (vrp !== null) vrps.push(vrp);
  }
  const skipped = file.data.roas.length - vrps.length;
  if (vrps.length === 0 && skipped > 0) throw new Error(`none of ${skipped} entries has asn, prefix and maxLength`);
  return { vrps, skipped };
}
