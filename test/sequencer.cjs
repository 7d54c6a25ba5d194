/**
 * The order of the test files: those that take long first, so that all workers are busy to the end. Jest knows how long
 * a file took last time; a fresh checkout, as in CI, knows nothing, and by size the longest would come last.
 */
const { relative } = require('node:path');
const { default: Sequencer } = require('@jest/test-sequencer');

/** From the longest down; measured on two cores, each over ten seconds. The second waits for the clock. */
const LONGEST = [
  'docs/run',
  'line/wholeSystem',
  'cli/drill',
  'chaos/chaos',
  'retraining/manyModels',
  'browser/page',
  'retraining/exactlyOnceRedis',
  'line/line',
  'retraining/exactlyOncePostgres',
  'storage/directoryLock',
  'storage/ownDatabase',
  'dashboard/attacks',
  'watch/replayed',
  'cli/failedStart',
  'rehearsal/rehearsal',
  'cli/commands',
  'docs/runAlone',
  'queues/stores',
  'cli/completion',
  'alerts/stuckChannel',
  'services/stuck',
  'browser/networks',
  'deployment/debian',
  'models/lstm/lstm',
  'retraining/training',
  'evaluation/evaluation',
  'dashboard/prometheus',
  'deployment/packed',
  'alerts/alerterService',
  'incidents/scriptedClasses',
  'alerts/doctor',
  'drift/monitor',
  'incidents/longVrpList',
  'collection/storedTables',
  'cli/looking',
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
