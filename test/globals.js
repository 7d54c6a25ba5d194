/** What the tests import as `@jest/globals`: those of the file that runs. See runtime.cjs. */
export let afterAll, afterEach, beforeAll, beforeEach, describe, expect, test;

export function use(globals) {
  ({ afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } = globals);
}
