/** What the HTTP API says and takes; the OpenAPI document and the page's types come from here. */

export * from './shapes/alert.js';
export * from './shapes/audit.js';
export * from './shapes/basics.js';
export * from './shapes/drift.js';
export * from './shapes/feed.js';
export * from './shapes/incident.js';
export * from './shapes/model.js';
export * from './shapes/needs.js';
export * from './shapes/overview.js';
export * from './shapes/parameters.js';
export * from './shapes/pathGraph.js';
export * from './shapes/series.js';
export * from './shapes/session.js';
export * from './shapes/verdict.js';
export * from './shapes/version.js';
export * from './shapes/victims.js';
