import type { Architecture } from './architecture.js';
import type { Engine, EngineChoice, Session, SessionOptions } from './engine.js';
import { FusedEngine } from './engineFused.js';
import { TfjsEngine } from './engineTfjs.js';

export interface EngineWishes {
  /** Forces an engine; without it the fused one is taken where its kernel compiles, else tfjs. */
  choice?: EngineChoice | undefined;
  log?: ((message: string) => void) | undefined;
}

/** Chooses when the first session is opened, and once. */
export class ChosenEngine implements Engine {
  readonly #wishes: EngineWishes;
  #chosen: Engine | undefined;

  constructor(wishes: EngineWishes = {}) {
    this.#wishes = wishes;
  }

  get name(): string {
    return this.#chosen?.name ?? this.#wishes.choice ?? 'fused';
  }

  async open(architecture: Architecture, options: SessionOptions): Promise<Session> {
    if (this.#chosen !== undefined) return this.#chosen.open(architecture, options);
    const { choice, log = () => undefined } = this.#wishes;
    if (choice === 'tfjs') {
      this.#chosen = new TfjsEngine(log);
      return this.#chosen.open(architecture, options);
    }
    const fused = new FusedEngine();
    try {
      const session = await fused.open(architecture, options);
      log('LSTM engine: fused WebAssembly kernel');
      this.#chosen = fused;
      return session;
    } catch (error) {
      if (choice === 'fused') throw error;
      log(`LSTM engine: tfjs, because the fused kernel does not start (${(error as Error).message})`);
      this.#chosen = new TfjsEngine(log);
      return this.#chosen.open(architecture, options);
    }
  }
}

/** @throws Error for a word that names no engine */
export function engineChoice(word: string | undefined): EngineChoice | undefined {
  if (word === undefined || word === '') return undefined;
  if (word === 'fused' || word === 'tfjs') return word;
  throw new Error(`LSTM_ENGINE=${word}: known are fused and tfjs`);
}
