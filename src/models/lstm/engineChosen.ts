import type { Architecture } from './architecture.js';
import type { Engine, EngineChoice, Session, SessionOptions } from './engine.js';
import { FusedEngine } from './engineFused.js';
import { TfjsEngine } from './engineTfjs.js';

export interface EngineWishes {
  /** auto when absent */
  choice?: EngineChoice | undefined;
  /** Called once with the engine that was taken, and why. */
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
    return this.#chosen?.name ?? this.#wishes.choice ?? 'auto';
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
