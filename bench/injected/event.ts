import type { Random } from '../../src/random/random.js';
import type { RouteView } from './routeView.js';

/** What goes wrong, by kind. */
export const FAULTS = [
  'exact hijack',
  'sub-prefix hijack',
  'exact hijack, few peers',
  'sub-prefix hijack, few peers',
  'forged origin',
  'leak of 1,000',
  'leak of 20,000',
  'outage of a network',
  'outage of a transit',
] as const;
/** What looks like it and is lawful. */
export const LOOK_ALIKES = [
  'customer in its provider',
  'sibling takes over',
  'anycast',
  'scrubbing',
  'new peering',
  'renumbering',
] as const;
export type Fault = (typeof FAULTS)[number];
export type LookAlike = (typeof LOOK_ALIKES)[number];
export type EventKind = Fault | LookAlike;

/** One peer's new route for a prefix; `path` null withdraws it. Peer and prefix are indices of the view. */
export interface DrawnRoute {
  peer: number;
  prefix: number;
  path: number[] | null;
}

/** An event as it was drawn from what the recording told until then. */
export interface Draft {
  /** Who does it: a finding must name one of these. */
  networks: number[];
  /** Whose prefixes are touched. */
  holders: number[];
  prefixes: number[];
  routes: DrawnRoute[];
  /** Seconds over which the routes spread, beyond each peer's own delay. */
  spreadSeconds: number;
  /** `restored`: peers go back to their real routes; `stays`: it is the new state; or these routes follow. */
  end: 'restored' | 'stays' | DrawnRoute[];
}

export interface DrawContext {
  view: RouteView;
  random: Random;
  peers: readonly number[];
  /** Prefixes and networks of earlier events of the pass: each takes part in one only. */
  taken: { prefixes: Set<number>; networks: Set<number> };
  /** The pass's one DDoS scrubbing service; drawn with its first event. */
  scrubber: { network: number | null };
}

/** null when this draw came to nothing, such as a network that too few peers reach: draw again. */
export type Draw = (context: DrawContext) => Draft | null;

/** Prefixes known for so long, minutes, with one origin and by half of the peers, are fit to be a victim's. */
const KNOWN_FOR = 360;

export function isStable({ view, peers, taken }: DrawContext, prefix: number): boolean {
  return (
    view.carriers(prefix) >= peers.length / 2 &&
    view.age(prefix) >= KNOWN_FOR &&
    !taken.prefixes.has(prefix) &&
    !taken.networks.has(view.holder(prefix)) &&
    isPublic(view.holder(prefix))
  );
}

export function isPublic(network: number): boolean {
  return (
    (network > 0 && network < 23_456) ||
    (network > 23_456 && network < 64_496) ||
    (network > 131_071 && network < 4_200_000_000)
  );
}

/** A stable prefix that passes; null when none was found in a few hundred draws. */
export function stablePrefix(context: DrawContext, passes: (prefix: number) => boolean = () => true): number | null {
  const { held } = context.view.lists();
  for (let draw = 0; draw < 500; draw++) {
    const prefix = context.random.pick(held);
    if (isStable(context, prefix) && passes(prefix)) return prefix;
  }
  return null;
}

/** Whether a prefix can be cut further without becoming longer than networks accept. */
export function canBeCut(view: RouteView, prefix: number): boolean {
  const length = view.length(prefix);
  return view.isIpv6(prefix) ? length >= 20 && length < 48 : length >= 8 && length < 24;
}

/** A part of a prefix that nobody announces, one to three bits longer; null when the draw was announced. */
export function unannouncedPart({ view, random }: DrawContext, prefix: number): number | null {
  let part = prefix;
  for (let bits = 1 + random.integer(3); bits > 0 && canBeCut(view, part); bits--) {
    part = view.half(part, random.integer(2) as 0 | 1);
  }
  return part === prefix || view.carriers(part) > 0 ? null : part;
}

/** Any network that announces something, each as likely: most are small. */
export function anyNetwork({ view, random }: DrawContext): number {
  return random.pick(view.origins());
}
