import type { AlertSettings } from '../settings.js';
import { drift } from './drift.js';
import { feedStale } from './feedStale.js';
import { modelStuck } from './modelStuck.js';
import { retrainFailing } from './retrainFailing.js';
import { retrainRejected } from './retrainRejected.js';
import { roas } from './roas.js';
import { rollback } from './rollback.js';
import { serviceDown } from './serviceDown.js';
import { stageBehind } from './stageBehind.js';
import type { AlertWatch } from './watch.js';
import { workFailing } from './workFailing.js';

export interface WatchedSystem {
  streams: readonly { name: string; replay?: boolean | undefined }[];
  retraining: { watchRate: number };
  feed: { clock: 'wall' | 'feed' };
  alerts: Pick<AlertSettings, 'feedStaleSeconds' | 'serviceDownSeconds' | 'stageBehindSeconds'>;
}

/** The watches of a system. A replayed feed may end or pause: its silence raises no alert. */
export function watchesOf({ streams, feed, alerts, retraining }: WatchedSystem): AlertWatch[] {
  const names = streams.map(({ name }) => name);
  const live = streams.filter(({ replay }) => replay !== true).map(({ name }) => name);
  return [
    ...(feed.clock === 'wall' ? [feedStale(live, alerts.feedStaleSeconds)] : []),
    serviceDown(alerts.serviceDownSeconds),
    stageBehind(names, alerts.stageBehindSeconds),
    workFailing,
    roas,
    drift,
    retrainRejected,
    retrainFailing,
    modelStuck(retraining.watchRate),
    rollback,
  ];
}
