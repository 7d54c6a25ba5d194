import type { FastifyInstance } from 'fastify';
import { incidentCsv } from '../incidents/incidentCsv.js';
import { incidentFilter } from '../incidents/incidentFilter.js';
import { searchIncidents } from '../storage/incidents.js';
import { readGiven } from './api/badRequest.js';
import { NotThere } from './api/route.js';
import { idParameter } from './api/schema.js';
import type { DashboardContext } from './context.js';
import { driftDetail } from './queries/driftReports.js';
import { incidentFacts } from './queries/incidentFacts.js';
import { driftReportPage } from './report/driftReportPage.js';
import { incidentReport } from './report/incidentReport.js';

/** A report runs nothing and loads nothing; its styles are in it. */
const REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

/** What is taken away as a file: the list of incidents as CSV, and reports of one page. */
export function addExports(
  server: FastifyInstance,
  { pool, clock, nameOf }: Pick<DashboardContext, 'pool' | 'clock' | 'nameOf'>,
): void {
  server.get('/api/incidents.csv', async (request, reply) => {
    const filter = readGiven(incidentFilter, request.query);
    reply.type('text/csv; charset=utf-8').header('content-disposition', 'attachment; filename="incidents.csv"');
    return incidentCsv(await searchIncidents(pool, filter));
  });
  server.get('/api/incidents/:id/report.html', async (request, reply) => {
    const { id } = readGiven(idParameter, request.params);
    const facts = await incidentFacts(pool, id, clock.now(), nameOf);
    if (facts === null) throw new NotThere(`There is no incident ${id}.`);
    reply.type('text/html; charset=utf-8').header('content-security-policy', REPORT_POLICY);
    return incidentReport(facts);
  });
  server.get('/api/drift/:id/report.html', async (request, reply) => {
    const { id } = readGiven(idParameter, request.params);
    const detail = await driftDetail(pool, id);
    if (detail === null) throw new NotThere(`There is no drift report ${id}.`);
    reply.type('text/html; charset=utf-8').header('content-security-policy', REPORT_POLICY);
    return driftReportPage(detail, clock.now());
  });
}
