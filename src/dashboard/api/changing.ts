import type { z } from 'zod';
import type { By } from '../../acts/act.js';
import { silenceActs } from '../../acts/silences.js';
import { silenceRequest } from '../../incidents/alerts/silence.js';
import type { ModelKey } from '../../models/model.js';
import type { DashboardContext } from '../context.js';
import { silenceRow } from '../silenceRow.js';
import type { Routes } from './route.js';
import * as shape from './schema.js';

const ON_THE_PAGE = 'on the page';

/** Routes that change something: for operators alone. Each is an act, which writes its own audit row. */
export function addChangingRoutes(routes: Routes, { pool, acts, clock }: DashboardContext): void {
  const silences = silenceActs(pool, clock);
  const onModel = <B>(
    path: string,
    summary: string,
    body: z.ZodType<B> | undefined,
    answer: z.ZodType,
    act: (key: ModelKey, body: B, by: By) => Promise<unknown>,
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
      async ({ parameters, body: given, visitor }) => {
        const by = { actor: visitor.actor, reason: ON_THE_PAGE };
        const done = await act(parameters.key as ModelKey, given as B, by);
        return answer === shape.done ? { done: true } : done;
      },
    );
  const onIncident = <B>(
    path: string,
    summary: string,
    body: z.ZodType<B> | undefined,
    act: (id: number, body: B, by: By) => Promise<void>,
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
      async ({ parameters, body: given, visitor }) => {
        await act(parameters.id, given as B, { actor: visitor.actor, reason: ON_THE_PAGE });
        return { done: true };
      },
    );

  onModel('retrain', 'Queue a retrain', undefined, shape.retrainQueued, (key, _body, by) => acts.retrain(key, by));
  onModel('cancel', 'Stop the retrain that waits or runs', undefined, shape.done, (key, _body, by) =>
    acts.cancel(key, by),
  );
  onModel(
    'accept',
    'Let a version serve that was held or rejected',
    shape.acceptBody,
    shape.done,
    (key, { version }, by) => acts.accept(key, version, by),
  );
  onModel('keep', 'Keep the serving version', undefined, shape.done, (key, _body, by) => acts.keep(key, by));
  onModel(
    'retrain-without',
    'Retrain on the window before the serving version flagged too much',
    undefined,
    shape.done,
    (key, _body, by) => acts.retrainWithout(key, by),
  );
  onModel('approve', 'Approve the retraining that waits', undefined, shape.done, (key, _body, by) =>
    acts.approve(key, by),
  );
  onModel('decline', 'Decline the retraining that waits', shape.reasonBody, shape.done, (key, { reason }, by) =>
    acts.decline(key, { ...by, reason }),
  );
  onModel('rollback', 'Make an older version the active one', shape.rollbackBody, shape.done, (key, { version }, by) =>
    acts.rollback(key, version, by),
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
    async ({ parameters: { key, version }, body: { pinned }, visitor }) => {
      await acts.pin(key as ModelKey, version, pinned, { actor: visitor.actor, reason: ON_THE_PAGE });
      return { done: true };
    },
  );
  onIncident('acknowledge', 'Acknowledge it', undefined, (id, _body, by) => acts.acknowledge(id, by));
  onIncident('unacknowledge', 'Take an acknowledgement back', undefined, (id, _body, by) => acts.unacknowledge(id, by));
  routes.add(
    {
      method: 'POST',
      path: '/api/silences',
      summary: 'Silence a prefix, an AS, a class or a stream for a time; everything given must fit',
      body: silenceRequest,
      answer: shape.silence,
    },
    async ({ body, visitor }) => silenceRow(await silences.add(body, visitor.actor)),
  );
  routes.add(
    {
      method: 'POST',
      path: '/api/silences/{id}/end',
      summary: 'End a silence now',
      parameters: shape.idParameter,
      answer: shape.done,
    },
    async ({ parameters: { id }, visitor }) => {
      await silences.end(id, visitor.actor);
      return { done: true };
    },
  );
  onIncident('note', 'Keep a note with an incident', shape.noteBody, (id, { text }, by) => acts.note(id, text, by));
  onIncident('comment', 'Add to the thread of an incident', shape.commentBody, (id, { text }, by) =>
    acts.comment(id, text, by),
  );
  onIncident('assign', 'Say who looks after an incident', shape.assignBody, (id, { to }, by) =>
    acts.assign(id, to, by),
  );
  onIncident(
    'ordinary',
    'Say that it was ordinary, so that its minutes train models',
    shape.ordinaryBody,
    (id, { ordinary }, by) => acts.ordinary(id, ordinary, by),
  );
}
