import { z } from 'zod';
import { incidentFilter } from '../../incidents/incidentFilter.js';
import type { ModelKey } from '../../models/model.js';
import { comparedVersion } from '../../registry/comparison.js';
import { RegistryRefusal } from '../../registry/registry.js';
import { listAlerts } from '../../storage/alerts.js';
import { newestAudit } from '../../storage/audit.js';
import { currentSilences } from '../../storage/silences.js';
import { streamNames } from '../../storage/streams.js';
import { alertRow } from '../alertRow.js';
import { auditRow } from '../auditRow.js';
import type { DashboardContext } from '../context.js';
import { overviewOf } from '../overview.js';
import { driftDetail } from '../queries/driftReports.js';
import { featureSeries } from '../queries/features.js';
import { watermark } from '../queries/feed.js';
import { incident, incidentPaths, incidentRow, incidents, windowOf } from '../queries/incidents.js';
import { model, models } from '../queries/models.js';
import { ownNetworks } from '../queries/networks.js';
import { raisedOf } from '../queries/raised.js';
import { scoreSeries } from '../queries/scores.js';
import { incidentVictims } from '../queries/victims.js';
import { silenceRow } from '../silenceRow.js';
import { networks } from './networks.js';
import { NotThere, type Routes } from './route.js';
import * as shape from './schema.js';

/** Routes that look and change nothing. */
export function addReadingRoutes(routes: Routes, context: DashboardContext): void {
  const { pool, settings, watchRate, trainingDays, budget, replayed, clock, nameOf } = context;
  routes.add(
    {
      method: 'GET',
      path: '/api/overview',
      summary: 'Feed, services, verdict, incidents and models of one stream',
      query: shape.streamQuery,
      answer: shape.overview,
    },
    ({ query }) => overviewOf({ pool, settings, budget, replayed, watchRate, trainingDays }, query.stream, clock.now()),
  );

  routes.add(
    {
      method: 'GET',
      path: '/api/series',
      summary: 'Scores of all models and of the ensemble, lowest and highest of each point',
      query: shape.seriesQuery,
      answer: shape.scoreSeries,
    },
    async ({ query }) => {
      const streams = await streamNames(pool);
      const stream = query.stream ?? streams[0];
      if (stream === undefined) throw new NotThere('There is no stream yet: start a collector.');
      if (!streams.includes(stream)) throw new NotThere(`There is no stream ${stream}.`);
      // A stream that has no minute yet has an empty chart: nothing is missing that somebody could have asked for wrongly.
      return scoreSeries(pool, stream, (await watermark(pool, stream)) ?? clock.now(), query.hours, query.points);
    },
  );

  routes.add(
    {
      method: 'GET',
      path: '/api/incidents',
      summary: 'Incidents that a filter asks for, newest first; unknown filters are refused',
      query: incidentFilter,
      answer: z.array(shape.incidentRow),
    },
    ({ query }) => incidents(pool, query),
  );

  routes.add(
    {
      method: 'GET',
      path: '/api/networks',
      summary:
        'Your own prefixes: origin, visibility, RPKI, neighbours, what contradicts the declaration, last incident',
      answer: networks,
    },
    () => ownNetworks(pool),
  );

  routes.add(
    {
      method: 'GET',
      path: '/api/raised',
      summary: 'Incidents a day by class and severity, beside the alerts a day that you are ready to read',
      query: shape.streamQuery,
      answer: shape.raised,
    },
    ({ query }) => raisedOf(pool, budget, query.stream),
  );

  routes.add(
    {
      method: 'GET',
      path: '/api/incidents/{id}',
      summary: 'One incident with its reasons, culprits and time line',
      parameters: shape.idParameter,
      answer: shape.incident,
    },
    async ({ parameters }) => (await incident(pool, parameters.id)) ?? missingIncident(parameters.id),
  );

  routes.add(
    {
      method: 'GET',
      path: '/api/incidents/{id}/features',
      summary: 'Feature values before, during and after an incident',
      parameters: shape.idParameter,
      answer: shape.featureSeries,
    },
    async ({ parameters }) => {
      const row = (await incidentRow(pool, parameters.id)) ?? missingIncident(parameters.id);
      const { from, until } = windowOf(row);
      return featureSeries(pool, row.stream, from, until, row.startedAt);
    },
  );

  routes.add(
    {
      method: 'GET',
      path: '/api/incidents/{id}/paths',
      summary: 'The AS graph on the way to a culprit prefix, before and during an incident',
      parameters: shape.idParameter,
      query: shape.pathsQuery,
      answer: shape.pathGraph,
    },
    async ({ parameters, query }) => {
      return (await incidentPaths(pool, parameters.id, query.prefix)) ?? missingIncident(parameters.id);
    },
  );

  routes.add(
    {
      method: 'GET',
      path: '/api/incidents/{id}/victims',
      summary: 'Every prefix that an incident hit: holders with their names, who announces it now, peers, RPKI state',
      parameters: shape.idParameter,
      answer: shape.victims,
    },
    async ({ parameters }) => (await incidentVictims(pool, parameters.id, nameOf)) ?? missingIncident(parameters.id),
  );

  routes.add(
    { method: 'GET', path: '/api/models', summary: 'All models of all streams', answer: z.array(shape.modelRow) },
    async () => {
      const streams = await streamNames(pool);
      const marks = await Promise.all(streams.map(async (name) => [name, await watermark(pool, name)] as const));
      return models(pool, streams, new Map(marks));
    },
  );

  routes.add(
    {
      method: 'GET',
      path: '/api/models/{key}',
      summary: 'One model with its versions, drift reports and retrains',
      parameters: shape.modelKeyParameter,
      answer: shape.model,
    },
    async ({ parameters: { key } }) => {
      const stream = key.slice(key.indexOf('@') + 1);
      if (!(await streamNames(pool)).includes(stream)) throw new NotThere(`There is no stream ${stream}.`);
      return (await model(pool, key, await watermark(pool, stream), watchRate)) ?? missingModel(key);
    },
  );

  routes.add(
    {
      method: 'GET',
      path: '/api/models/{key}/compare',
      summary: 'Two versions of a model side by side',
      parameters: shape.modelKeyParameter,
      query: shape.comparisonQuery,
      answer: shape.comparison,
    },
    async ({ parameters, query }) => {
      const { key } = parameters as { key: ModelKey };
      const [left, right] = await Promise.all([
        comparedVersion(pool, key, query.left),
        comparedVersion(pool, key, query.right),
      ]).catch((error: unknown) => {
        throw error instanceof RegistryRefusal ? new NotThere(`${error.message}.`) : error;
      });
      return { left, right };
    },
  );

  routes.add(
    {
      method: 'GET',
      path: '/api/drift/{id}',
      summary: 'One drift report, with how each input lay in the baseline and lies now',
      parameters: shape.idParameter,
      answer: shape.driftDetail,
    },
    async ({ parameters: { id } }) => {
      const found = await driftDetail(pool, id);
      if (found === null) throw new NotThere(`There is no drift report ${id}.`);
      return found;
    },
  );

  routes.add(
    {
      method: 'GET',
      path: '/api/alerts',
      summary: 'Alerts, newest first, and what each channel received',
      query: shape.alertsQuery,
      answer: z.array(shape.alertRow),
    },
    async ({ query: { open, limit } }) =>
      (await listAlerts(pool, { limit, ...(open !== undefined && { open }) })).map(alertRow),
  );

  routes.add(
    {
      method: 'GET',
      path: '/api/silences',
      summary: 'Silences and maintenance windows that have not ended',
      answer: z.array(shape.silence),
    },
    async () => (await currentSilences(pool, new Date(clock.now()))).map(silenceRow),
  );

  routes.add(
    { method: 'GET', path: '/api/audit', summary: 'Who did what, newest first', answer: z.array(shape.auditRow) },
    async () => (await newestAudit(pool, 100)).map(auditRow),
  );
}

function missingIncident(id: number): never {
  throw new NotThere(`There is no incident ${id}.`);
}

function missingModel(key: string): never {
  throw new NotThere(`There is no model ${key}.`);
}
