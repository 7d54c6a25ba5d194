import { expect, test } from '@jest/globals';
import { retrainForm } from '../../src/dashboard/retrainForm.js';
import { retrainPayload } from '../../src/retraining/payload.js';

interface Form {
  default?: unknown;
  properties?: Record<string, Form>;
}

/** What a form made from the schema begins with. */
const filledIn = ({ default: standard, properties }: Form): unknown =>
  properties === undefined
    ? standard
    : Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, filledIn(inner)]));

test('what the job board fills in is a payload that a trainer takes', () => {
  const payload = filledIn(retrainForm('lstm@rrc00'));
  expect(retrainPayload.parse(payload)).toMatchObject({ modelKey: 'lstm@rrc00', trigger: { kind: 'manual' } });
});
