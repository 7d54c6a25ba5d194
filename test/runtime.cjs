/**
 * Runs the tests' files as Node.js itself loads them. Jest's own runtime gives each file a realm and loads every module
 * of it anew: there every use of a global such as `Math` is an intercepted look-up, which makes the numeric code up to
 * ten times as slow as it is for users, and the modules alone cost a second of each file.
 *
 * Modules are shared by the files of a worker; the product keeps no state in them.
 */
const { pathToFileURL } = require('node:url');
const { join } = require('node:path');
const { default: JestRuntime } = require('jest-runtime');

const GLOBALS = pathToFileURL(join(__dirname, '..', 'dist', 'test', 'node_modules', '@jest', 'globals', 'index.js'));

let files = 0;

module.exports = class NativeRuntime extends JestRuntime {
  setGlobalsForRuntime(globals) {
    super.setGlobalsForRuntime(globals);
    this.globals = globals;
  }

  unstable_shouldLoadAsEsm() {
    return true;
  }

  async unstable_importModule(path) {
    const { use } = await import(GLOBALS.href);
    use(this.globals);
    // A file that is run twice by one worker must declare its tests twice.
    return import(`${pathToFileURL(path).href}?run=${++files}`);
  }
};
