/**
 * What Bull Board's "Add job" fills in for a retraining: a payload that is right as it is, but for the model's name.
 * The payload's own schema knows more triggers and settings, which a form would fill with zeros.
 * @param modelKey shown as the example, such as lstm@rrc00
 */
export function retrainForm(modelKey: string): Record<string, unknown> {
  return {
    type: 'object',
    description: 'Retrain one model',
    required: ['modelKey', 'trigger'],
    properties: {
      modelKey: {
        type: 'string',
        pattern: '^(heuristic|isolation_forest|lstm)@[A-Za-z0-9][A-Za-z0-9._-]{0,62}$',
        default: modelKey,
        description: 'Which model: heuristic, isolation_forest or lstm, @, and the stream',
      },
      trigger: {
        type: 'object',
        description: 'Why: a person asks',
        required: ['kind', 'actor'],
        properties: {
          kind: { type: 'string', const: 'manual', default: 'manual' },
          actor: { type: 'string', minLength: 1, maxLength: 200, default: 'an operator at /queues' },
        },
        additionalProperties: false,
      },
    },
  };
}
