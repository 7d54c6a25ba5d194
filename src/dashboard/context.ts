import type { FastifyBaseLogger } from 'fastify';
import type { Pool } from 'pg';
import type { IncidentActs } from '../acts/incidents.js';
import type { ModelActs } from '../acts/models.js';
import type { Visitor } from './session.js';
import type { DashboardSettings } from './settings.js';

/** The wall clock; injected so that tests can move it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
}

/** What every route of the dashboard works with. */
export interface DashboardContext {
  pool: Pool;
  settings: DashboardSettings;
  /** Alerts a day that the operator is ready to read. */
  budget: number;
  replayed: readonly string[];
  /** Share of anomalous minutes over which a serving version is in trouble. */
  watchRate: number;
  /** Days of the first training window, and of each later one. */
  trainingDays: number;
  /** A network's name by its AS number; undefined where none is given. */
  nameOf: (asNumber: number) => string | undefined;
  acts: ModelActs & IncidentActs;
  logger: FastifyBaseLogger;
  clock: Clock;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Undefined until signed in. */
    visitor: Visitor | undefined;
  }
}
