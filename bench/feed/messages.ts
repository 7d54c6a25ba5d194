import { Random } from '../../src/random/random.js';

const PEERS = 40;
const PREFIXES = 20_000;
const START = 1_700_000_000;

/**
 * Messages as RIS Live sends them, some 530 bytes each; one in eight withdraws, one in ten is IPv6. A peer reaches an
 * origin by one of four paths over 20 large and 400 regional transit networks, sometimes prepended.
 * @param timeOf seconds since 1970 of the n-th message
 */
export function risLiveMessages(count: number, seed: number, timeOf: (index: number) => number): string[] {
  const random = new Random(seed);
  const next = (below: number) => random.integer(below);
  return Array.from({ length: count }, (_, i) => {
    const peer = next(PEERS);
    const ipv6 = next(10) === 0;
    // a few prefixes make most of the noise
    const number = Math.floor(PREFIXES * (next(1 << 20) / (1 << 20)) ** 3);
    const prefix = ipv6
      ? `2001:db8:${number.toString(16)}::/48`
      : `${20 + (number >> 8)}.${number & 255}.${next(4) * 64}.0/${18 + next(7)}`;
    const address = ipv6 ? `2001:7f8:4::${(peer + 1).toString(16)}:1` : `192.0.2.${peer + 1}`;
    const as = 64_500 + peer;
    const data: Record<string, unknown> = {
      timestamp: timeOf(i),
      peer: address,
      peer_asn: String(as),
      id: `${address}-018bcfe5${(0x10000000 + i).toString(16)}`,
      host: 'rrc21.ripe.net',
      type: 'UPDATE',
    };
    if (next(8) === 0) data.withdrawals = [prefix];
    else {
      const origin = 10_000 + (number % 5000);
      const alternative = next(4);
      const regional = 2000 + ((origin * 7 + alternative * 131) % 400);
      const hops = [1000 + ((peer * 3 + alternative) % 20), 1000 + (regional % 20), regional];
      const prepended = Array.from({ length: 1 + (origin % 3) }, () => origin);
      data.path = [as, ...hops, ...prepended];
      data.community = [
        [as, 100 + next(50)],
        [as, 5000],
        [hops[0], 300],
      ];
      data.origin = 'IGP';
      data.announcements = [{ next_hop: address, prefixes: [prefix] }];
    }
    data.raw = `${'FF'.repeat(16)}005B0200${'0A1B2C3D'.repeat(18)}`;
    return JSON.stringify({ type: 'ris_message', data });
  });
}

/** `perSecond` messages a second from a fixed moment on. */
export function evenly(perSecond: number): (index: number) => number {
  return (index) => Math.round((START + index / perSecond) * 100) / 100;
}
