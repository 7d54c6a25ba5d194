import { setTimeout as sleep } from 'node:timers/promises';
import type { NotificationMode } from '../stores/notificationFilter.js';
import type { Fault } from './fault.js';

function disturbed(name: string, mode: NotificationMode): Fault {
  return {
    name,
    hindrance: () => null,
    async strike({ postgres }, random) {
      postgres.notificationMode = mode;
      await sleep(1_000 + random.integer(3_000));
      postgres.notificationMode = 'pass';
      return [];
    },
  };
}

export const droppedNotifications = disturbed('dropped notifications', 'drop');
export const doubledNotifications = disturbed('doubled notifications', 'double');
