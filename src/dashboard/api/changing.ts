import type { z } from 'zod';
import { silenceRequest } from '../../incidents/alerts/silence.js';
import type { ModelKey } from '../../models/model.js';
import type { DashboardContext } from '../context.js';
import { recordAudit } from '../queries/audit.js';
import type { Visitor } from '../session.js';
import { silenceActions } from '../silenceActions.js';
import type { Routes } from './route.js';
import * as shape from './schema.js';

/** Routes that change something: for operators alone, each with a row in the audit table. */
export function addChangingRoutes(routes: Routes, { pool, actions, clock }: DashboardContext): void {
  const silences = silenceActions(pool, clock);
  const audited = async <T>(
    visitor: Visitor,
    action: string,
    target: string,
    detail: Record<string, unknown>,
    act: () => Promise<T>,
  ): Promise<T> => {
    await recordAudit(pool, visitor.actor, action, target, detail);
    try {
      return await act();
    } catch (error) {
      await recordAudit(pool, visitor.actor, `${action} failed`, target, {
        error: error instanceof Error ? error.message : String(error),
      });
      throw error;
    }
  };
  const onModel = <B>(
    path: string,
    summary: string,
    body: z.ZodType<B> | undefined,
    answer: z.ZodType,
    act: (key: ModelKey, body: B, visitor: Visitor) => Promise<unknown>,
  ) =>
    routes.add(
      {
        method: 'POST',
        path: `/api/models/{key}/${path}`,
        summary,
        parameters: shape.modelKeyParameter,
        ...(body && { body }),
        answer,
      },
      ({ parameters, body: given, visitor }) => {
        const detail = given !== null && typeof given === 'object' ? { ...given } : {};
        return audited(visitor, path, parameters.key, detail, () =>
          act(parameters.key as ModelKey, given as B, visitor),
        );
      },
    );
  const onIncident = <B>(
    path: string,
    summary: string,
    body: z.ZodType<B> | undefined,
    act: (id: number, body: B, visitor: Visitor) => Promise<void>,
  ) =>
    routes.add(
      {
        method: 'POST',
        path: `/api/incidents/{id}/${path}`,
        summary,
        parameters: shape.idParameter,
        ...(body && { body }),
        answer: shape.done,
      },
      ({ parameters, body: given, visitor }) => {
        const detail = given !== null && typeof given === 'object' ? { ...given } : {};
        return audited(visitor, path, `incident ${parameters.id}`, detail, async () => {
          await act(parameters.id, given as B, visitor);
          return { done: true };
        });
      },
    );

  onModel('retrain', 'Queue a retrain', undefined, shape.retrainQueued, (key, _body, visitor) =>
    actions.retrain(key, visitor.actor),
  );
  onModel('cancel', 'Stop the retrain that waits or runs', undefined, shape.done, async (key) => {
    await actions.cancel(key);
    return { done: true };
  });
  onModel(
    'accept',
    'Let a version serve that was held or rejected',
    shape.acceptBody,
    shape.done,
    async (key, body, visitor) => {
      await actions.accept(key, body.version, visitor.actor);
      return { done: true };
    },
  );
  onModel('keep', 'Keep the serving version', undefined, shape.done, async (key, _body, visitor) => {
    await actions.keep(key, visitor.actor);
    return { done: true };
  });
  onModel(
    'retrain-without',
    'Retrain on the window before the serving version flagged too much',
    undefined,
    shape.done,
    async (key, _body, visitor) => {
      await actions.retrainWithout(key, visitor.actor);
      return { done: true };
    },
  );
  onModel('approve', 'Approve the retraining that waits', undefined, shape.done, async (key, _body, visitor) => {
    await actions.approve(key, visitor.actor);
    return { done: true };
  });
  onModel('decline', 'Decline the retraining that waits', shape.reasonBody, shape.done, async (key, body, visitor) => {
    await actions.decline(key, body.reason, visitor.actor);
    return { done: true };
  });
  onModel(
    'rollback',
    'Make an older version the active one',
    shape.rollbackBody,
    shape.done,
    async (key, body, visitor) => {
      await actions.rollback(key, body.version, visitor.actor);
      return { done: true };
    },
  );
  routes.add(
    {
      method: 'POST',
      path: '/api/models/{key}/versions/{version}/pin',
      summary: 'Pin a version, or let it go',
      parameters: shape.versionParameter,
      body: shape.pinBody,
      answer: shape.done,
    },
    ({ parameters: { key, version }, body: { pinned }, visitor }) =>
      audited(visitor, pinned ? 'pin' : 'unpin', key, { version }, async () => {
        await actions.pin(key as ModelKey, version, pinned);
        return { done: true };
      }),
  );
  onIncident('acknowledge', 'Say that somebody looks after it', undefined, (id, _body, visitor) =>
    actions.acknowledge(id, visitor.actor),
  );
  onIncident('unacknowledge', 'Take an acknowledgement back', undefined, (id) => actions.unacknowledge(id));
  routes.add(
    {
      method: 'POST',
      path: '/api/silences',
      summary: 'Silence a prefix, an AS, a class or a stream for a time; everything given must fit',
      body: silenceRequest,
      answer: shape.silence,
    },
    ({ body, visitor }) =>
      audited(visitor, 'silence', body.stream ?? 'all streams', body, () => silences.add(body, visitor.actor)),
  );
  routes.add(
    {
      method: 'POST',
      path: '/api/silences/{id}/end',
      summary: 'End a silence now',
      parameters: shape.idParameter,
      answer: shape.done,
    },
    ({ parameters: { id }, visitor }) =>
      audited(visitor, 'end silence', `silence ${id}`, {}, async () => {
        await silences.end(id);
        return { done: true };
      }),
  );
  onIncident('note', 'Keep a note with an incident', shape.noteBody, (id, body, visitor) =>
    actions.note(id, body.text, visitor.actor),
  );
  onIncident(
    'ordinary',
    'Say that it was ordinary, so that its minutes train models',
    shape.ordinaryBody,
    (id, body, visitor) => actions.ordinary(id, body.ordinary, visitor.actor),
  );
}
