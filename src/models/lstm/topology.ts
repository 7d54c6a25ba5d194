import type { Architecture } from './architecture.js';

/** The network in the words of Keras, as tfjs writes it. */
export function topologyOf(a: Architecture): object {
  const lstm = (name: string, returnSequences: boolean, extra: object): object => ({
    class_name: 'LSTM',
    config: {
      name,
      trainable: true,
      units: a.hidden,
      activation: 'tanh',
      recurrent_activation: 'sigmoid',
      use_bias: true,
      unit_forget_bias: true,
      return_sequences: returnSequences,
      return_state: false,
      go_backwards: false,
      stateful: false,
      unroll: false,
      dropout: 0,
      recurrent_dropout: 0,
      ...extra,
    },
  });
  return {
    class_name: 'Sequential',
    config: {
      name: 'routewarden_lstm',
      layers: [
        lstm('encoder', false, { batch_input_shape: [null, a.steps, a.features], dtype: 'float32' }),
        { class_name: 'RepeatVector', config: { name: 'code', n: a.steps, trainable: true } },
        lstm('decoder', true, {}),
        {
          class_name: 'TimeDistributed',
          config: {
            name: 'reconstruction',
            trainable: true,
            layer: {
              class_name: 'Dense',
              config: { name: 'minute', units: a.features, activation: 'linear', use_bias: true, trainable: true },
            },
          },
        },
      ],
    },
    keras_version: 'tfjs-layers 4.22.0',
    backend: 'tensor_flow.js',
  };
}
