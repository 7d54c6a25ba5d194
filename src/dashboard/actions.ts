import type { ModelKey } from '../models/model.js';

/** What an operator can do to models. Each promise resolves when the change is stored or queued. */
export interface ModelActions {
  /**
   * Queues a retrain, as drift would.
   * @returns the id of the job, or of the one that already waits for this model
   * @throws ActionRefused
   */
  retrain(modelKey: ModelKey, actor: string): Promise<{ jobId: string }>;
  /**
   * Takes back a waiting retrain, asks the running one to stop, or ends a version that shadows.
   * @throws ActionRefused when none is under way
   */
  cancel(modelKey: ModelKey, actor?: string): Promise<void>;
  /**
   * Makes an older version the active one.
   * @throws ActionRefused when there is no such version, or it never passed the gate
   */
  rollback(modelKey: ModelKey, version: number, actor: string): Promise<void>;
  /**
   * Queues a retraining that waits for approval.
   * @throws ActionRefused when none waits, or it cannot be queued
   */
  approve(modelKey: ModelKey, actor: string): Promise<void>;
  /** @throws ActionRefused when none waits */
  decline(modelKey: ModelKey, reason: string, actor: string): Promise<void>;
  /** Lets a version serve that was held or rejected. @throws ActionRefused when there is no such version */
  accept(modelKey: ModelKey, version: number, actor: string): Promise<void>;
  /** The serving version goes on: refusals up to now need no answer. @throws ActionRefused when no model is stuck */
  keep(modelKey: ModelKey, actor: string): Promise<void>;
  /** Retrains on the window before the serving version began to flag too much. @throws ActionRefused */
  retrainWithout(modelKey: ModelKey, actor: string): Promise<void>;
  /** A pinned version is kept, and no retrain replaces it. @throws ActionRefused when there is no such version */
  pin(modelKey: ModelKey, version: number, pinned: boolean): Promise<void>;
}

/** What an operator can say about incidents. */
export interface IncidentActions {
  /** @throws ActionRefused when there is no such incident */
  acknowledge(incidentId: number, actor: string): Promise<void>;
  /** Takes an acknowledgement back. @throws ActionRefused when there is no such incident */
  unacknowledge(incidentId: number): Promise<void>;
  /** An empty text takes the note away. @throws ActionRefused when there is no such incident */
  note(incidentId: number, text: string, actor: string): Promise<void>;
  /** "This was ordinary": its minutes are given to training again. @throws ActionRefused when there is no such incident */
  ordinary(incidentId: number, ordinary: boolean, actor: string): Promise<void>;
}

export type DashboardActions = ModelActions & IncidentActions;

/** The wish cannot be granted; the message says why and what to do, in words for the page. */
export class ActionRefused extends Error {
  constructor(
    message: string,
    /** HTTP status: 404 for what does not exist, 409 for what does not fit the present state. */
    readonly status: 404 | 409 = 409,
  ) {
    super(message);
    this.name = 'ActionRefused';
  }
}
