import type { OwnPrefix } from './ownPrefix.js';
import type { WatchSettings } from './settings.js';

/** Fewest peers that had a prefix for its loss to say anything. */
const FEWEST = 2;

/** Brings up to date whether so many peers have withdrawn the prefix, for so long, that it counts as lost. */
export function noteLoss(own: OwnPrefix, nowMs: number, settings: WatchSettings): void {
  const rightful = [...own.routes.values()].filter(({ origins }) => origins.some((as) => own.allowed.includes(as)));
  const gone = rightful.filter(({ lostMs }) => lostMs !== null).length;
  const losing =
    own.declared !== null && own.routes.size >= FEWEST && gone > 0 && gone >= own.routes.size * settings.withdrawnShare;
  if (!losing) {
    own.losingMs = null;
    own.lost = false;
    return;
  }
  own.losingMs ??= nowMs;
  if (nowMs - own.losingMs >= settings.lossSeconds * 1000) own.lost = true;
}
