import type { OpenMinute } from '../openMinute.js';
import { WITHDRAWN } from '../routes/routeTable.js';
import type { Minute } from '../row.js';
import type { RoutingTables } from './routingTables.js';

export interface RoutingCounts {
  evictedRoutes: number;
  untracked: number;
}

/** The routes of all peers, with what other tables count of them: references, and routes by prefix, peer and path. */
export class HeldRoutes {
  #lastOld = -1;
  #lastNew = -1;
  #lastDistance = 0;

  constructor(
    private readonly tables: RoutingTables,
    private readonly counts: RoutingCounts,
  ) {}

  /** The peer's route to the prefix is `path`, as a table dump says: no minute counts it. */
  learn(peer: number, prefix: number, pathId: number, path: number): void {
    const { routes, paths } = this.tables;
    let route = routes.find(peer, prefix, pathId);
    const old = route < 0 ? WITHDRAWN : routes.path(route);
    if (old === path) return;
    if (route < 0 && (routes.full || routes.crowded(prefix))) {
      // one route of a table is as good as another: those that are known stay
      this.counts.evictedRoutes++;
      return;
    }
    paths.retain(path);
    if (old !== WITHDRAWN) this.release(old);
    else {
      if (route < 0) route = this.#add(peer, prefix, pathId, route);
      this.#activated(prefix, peer);
    }
    routes.setPath(route, path);
  }

  /** As `learn` without path identifiers, for the routes of several peers: together where the prefix has none yet. */
  learnAll(prefix: number, peers: Int32Array, paths: Int32Array, count: number): void {
    const { tables } = this;
    if (!tables.routes.takes(prefix, count) || !this.#sort(peers, paths, count)) {
      for (let at = 0; at < count; at++) this.learn(peers[at]!, prefix, 0, paths[at]!);
      return;
    }
    for (let at = 0; at < count; at++) {
      tables.paths.retain(paths[at]!);
      tables.peers.activeRoutes[peers[at]!]!++;
    }
    tables.announced.routesAdded(prefix, count);
    tables.prefixes.refer(prefix, count);
    tables.routes.addAll(prefix, peers, paths, count);
  }

  /** Brings routes into the order of their peers. @returns whether no peer has two */
  #sort(peers: Int32Array, paths: Int32Array, count: number): boolean {
    // a dump names peers in the order of their first routes, but for a few
    for (let at = 1; at < count; at++) {
      const peer = peers[at]!;
      const path = paths[at]!;
      let to = at;
      for (; to > 0 && peers[to - 1]! > peer; to--) {
        peers[to] = peers[to - 1]!;
        paths[to] = paths[to - 1]!;
      }
      peers[to] = peer;
      paths[to] = path;
      if (to > 0 && peers[to - 1] === peer) return false;
    }
    return true;
  }

  /**
   * The peer's route to the prefix becomes `path`.
   * @returns its path before; unless that is `path` itself or WITHDRAWN, the caller releases it
   */
  announce(peer: number, prefix: number, pathId: number, path: number, minute: Minute, open: OpenMinute): number {
    const { routes, paths } = this.tables;
    let route = routes.find(peer, prefix, pathId);
    const old = route < 0 ? WITHDRAWN : routes.path(route);
    if (old === path) {
      open.totals.duplicateAnnouncements++;
      open.peerRepeats.add(peer, 1);
      return path;
    }
    paths.retain(path);
    if (old === WITHDRAWN) {
      if (route < 0) route = this.#add(peer, prefix, pathId, route);
      else if (routes.withdrawnMinute(route) === minute) open.returned(prefix);
      this.#activated(prefix, peer);
      open.activated(prefix);
    } else {
      const distance = this.#editDistance(old, path);
      open.totals.implicitWithdrawals++;
      open.pathChanges.add(prefix, 1);
      open.totals.editDistance += distance;
      if (distance > open.totals.longestEditDistance) open.totals.longestEditDistance = distance;
    }
    routes.setPath(route, path);
    return old;
  }

  withdraw(peer: number, prefix: number, pathId: number, minute: Minute, open: OpenMinute): void {
    const { routes, prefixes } = this.tables;
    let route = routes.find(peer, prefix, pathId);
    if (route < 0) route = this.#add(peer, prefix, pathId, route);
    else if (routes.path(route) === WITHDRAWN) open.totals.duplicateWithdrawals++;
    else {
      const lost = routes.path(route);
      const origin = prefixes.lastOrigin(prefix);
      const wanted = open.withdrew(prefix, origin, peer, prefixes.activeRoutes(prefix));
      const neighbour = this.tables.neighbourOf(origin, lost);
      if (neighbour !== 0) open.lostLine(origin, neighbour, prefix);
      if (wanted) open.lost(prefix, this.tables.hopsOf(lost));
      this.#deactivate(prefix, route);
    }
    routes.withdraw(route, minute);
  }

  /** The pair remembered for the edit distance must not outlive a freed id. */
  release(path: number): void {
    if (this.tables.paths.release(path)) this.forgetDistance();
  }

  /** Ids of paths may have been given to others since. */
  forgetDistance(): void {
    this.#lastOld = -1;
  }

  #editDistance(old: number, path: number): number {
    if (old !== this.#lastOld || path !== this.#lastNew) {
      this.#lastDistance = this.tables.paths.editDistance(old, path);
      this.#lastOld = old;
      this.#lastNew = path;
    }
    return this.#lastDistance;
  }

  /** @param sought what the table said when it was asked for the route */
  #add(peer: number, prefix: number, pathId: number, sought: number): number {
    const { routes, prefixes } = this.tables;
    let place = sought;
    if (routes.full || routes.crowded(prefix)) {
      const victim = routes.victim(prefix);
      if (routes.path(victim.at) !== WITHDRAWN) this.#deactivate(victim.prefix, victim.at);
      prefixes.refer(victim.prefix, -1);
      routes.drop(victim.prefix, victim.at);
      this.counts.evictedRoutes++;
      place = routes.find(peer, prefix, pathId);
    }
    prefixes.refer(prefix, 1);
    return routes.add(peer, prefix, pathId, place);
  }

  #activated(prefix: number, peer: number): void {
    this.tables.announced.routeAdded(prefix);
    this.tables.peers.activeRoutes[peer]!++;
  }

  /** Counts a route that has just gone; the caller gives the minute. */
  #deactivate(prefix: number, route: number): void {
    const { announced, peers, routes } = this.tables;
    announced.routeRemoved(prefix);
    peers.activeRoutes[routes.peer(route)]!--;
    this.release(routes.path(route));
  }
}
