import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { whyNoChromium } from '../support/chromium.js';
import { describeIncidents } from './pages/incidents.js';
import { describeModels } from './pages/models.js';
import { describeOverview } from './pages/overview.js';
import { describeReading } from './pages/reading.js';
import { describeSigningIn } from './pages/signingIn.js';
import { Visitor } from './visitor.js';

const missing = whyNoChromium();
const suite = missing === null ? describe : describe.skip;

// One browser and one seeded month for all of them: they are the dear part.
suite(`the page in Chromium${missing === null ? '' : ` (${missing})`}`, () => {
  const at = new Visitor();
  beforeAll(() => at.start(), 90_000);
  afterAll(() => at.stop());

  describeReading(at);
  describeOverview(at);
  describeModels(at);
  describeIncidents(at);
  describeSigningIn(at);

  test('no page complained in the console', () => {
    // The browser itself tells of the refused sign-in and of pages asked for without one.
    // and of the filter that was refused on purpose, and of addresses that are none.
    const wanted = /status of 40[13]|status of 400 .*as=AS64999999999|status of 404 .*(%ff|\/99|incidents\/9999.*)\)/;
    expect(at.errors.filter((text) => !wanted.test(text))).toEqual([]);
  });
});
