/** The services, in the order in which they start; each has its entry in workers/. */
export const SERVICES = [
  { name: 'collector', entry: 'collector.js', what: 'reads RIS Live into the log of updates', workload: 'messages' },
  {
    name: 'aggregator',
    entry: 'aggregator.js',
    what: 'makes one feature row a minute',
    largeTables: true,
    workload: 'messages',
  },
  { name: 'heuristic-detector', entry: 'heuristicDetector.js', what: 'scores minutes with the heuristic' },
  {
    name: 'isolation-forest-detector',
    entry: 'isolationForestDetector.js',
    what: 'scores minutes with the isolation forest',
  },
  { name: 'lstm-detector', entry: 'lstmDetector.js', what: 'scores minutes with the LSTM autoencoder' },
  { name: 'ensemble', entry: 'ensemble.js', what: 'lets the models vote on each minute' },
  { name: 'correlator', entry: 'correlator.js', what: 'groups verdicts into incidents' },
  { name: 'drift-monitor', entry: 'driftMonitor.js', what: 'checks drift and asks for retraining' },
  { name: 'trainer', entry: 'trainer.js', what: 'trains, validates and publishes models', workload: 'rows' },
  { name: 'alerter', entry: 'alerter.js', what: 'watches feeds, services and models, and delivers alerts' },
  { name: 'dashboard', entry: 'dashboard.js', what: 'serves the live page, the API and Bull Board' },
] as const;

export type ServiceName = (typeof SERVICES)[number]['name'];

/** Settings that the collector reads: it stays when others change, for RIS Live does not send again what it misses. */
export const COLLECTOR_SETTINGS = ['streams', 'feed', 'archive', 'dataDirectory', 'logLevel'] as const;

/** @throws Error that lists the names for an unknown service */
export function findService(name: string): (typeof SERVICES)[number] {
  const service = SERVICES.find((candidate) => candidate.name === name);
  if (!service)
    throw new Error(`there is no service "${name}": choose from ${SERVICES.map((one) => one.name).join(', ')}`);
  return service;
}
