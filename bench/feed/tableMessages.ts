import { FIRST_AS, type GeneratedTable } from '../fullTable/generatedTable.js';

/** Updates of a generated table as RIS Live sends them. @param timestamp of each, seconds since 1970 */
export function tableMessages(table: GeneratedTable, count: number, timestamp: number): string[] {
  let number = 0;
  return Array.from(table.announcements(count), ({ peer, address, length, hops }) => {
    const from = `198.51.100.${peer}`;
    const prefix = length === 0 ? 0 : (address & (-1 << (32 - length))) >>> 0;
    const data = {
      timestamp,
      peer: from,
      peer_asn: String(FIRST_AS + peer),
      id: `${from}-018bcfe5${(0x10000000 + number++).toString(16)}`,
      host: 'rrc00.ripe.net',
      type: 'UPDATE',
      path: hops,
      origin: 'IGP',
      announcements: [
        { next_hop: from, prefixes: [`${[24, 16, 8, 0].map((by) => (prefix >>> by) & 255).join('.')}/${length}`] },
      ],
    };
    return JSON.stringify({ type: 'ris_message', data });
  });
}
