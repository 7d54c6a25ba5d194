/** A RIS Live message of one announcement, as a peer of rrc00 would send it at this time. */
export const risUpdate = (timeMs: number, peer = '192.0.2.1'): string =>
  JSON.stringify({
    type: 'ris_message',
    data: {
      timestamp: timeMs / 1000,
      peer,
      peer_asn: '64500',
      host: 'rrc00',
      type: 'UPDATE',
      path: [64500, 64501],
      announcements: [{ next_hop: '192.0.2.1', prefixes: ['198.51.100.0/24'] }],
    },
  });
