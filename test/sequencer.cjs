/**
 * The order of the test files: those that take long first, so that all workers are busy to the end. Jest knows how long
 * a file took last time; a fresh checkout, as in CI, knows nothing, and by size the longest would come last.
 */
const { relative } = require('node:path');
const { default: Sequencer } = require('@jest/test-sequencer');

/** From the longest down; measured on two cores, each over ten seconds. */
const LONGEST = [
  'cli/drill',
  'docs/run',
  'line/line',
  'retraining/manyModels',
  'retraining/exactlyOncePostgres',
  'retraining/exactlyOnceRedis',
  'line/retrain',
  'browser/page',
  'chaos/chaos',
  'storage/directoryLock',
  'cli/commands',
  'rehearsal/rehearsal',
  'storage/ownDatabase',
  'browser/wholeSystem',
  'cli/looking',
  'dashboard/attacks',
  'watch/replayed',
  'cli/failedStart',
  'alerts/stuckChannel',
  'retraining/training',
  'incidents/scriptedClasses',
  'incidents/longVrpList',
  'models/lstm/lstm',
  'evaluation/evaluation',
  'queues/stores',
  'browser/networks',
  'deployment/packed',
];

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path, context }) => {
      const at = LONGEST.indexOf(relative(context.config.rootDir, path).replaceAll('\\', '/').replace('.test.js', ''));
      return at < 0 ? LONGEST.length : at;
    };
    // The sort is stable: the others stay as Jest has them.
    return [...super.sort(tests)].sort((a, b) => rank(a) - rank(b));
  }
};
