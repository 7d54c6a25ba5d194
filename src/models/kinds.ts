import { heuristic } from './heuristic/index.js';
import { isolationForest } from './isolationForest/index.js';
import { ChosenEngine, type EngineWishes } from './lstm/engineChosen.js';
import { createLstm } from './lstm/index.js';
import type { ModelKind, ModelKindName } from './model.js';

/** A kind without the type of its models, for code that treats all kinds alike. */
export type AnyModelKind = ModelKind<unknown>;

/** What the entry of a program wishes of the kinds, from its settings; everything has a default. */
export interface KindWishes {
  lstmEngine?: EngineWishes['choice'];
  log?: EngineWishes['log'];
}

/**
 * Hides the type of a kind's models: the value that `fit` or `decode` gave goes back only to the same kind.
 */
function anyKind<M>(kind: ModelKind<M>): AnyModelKind {
  return {
    name: kind.name,
    context: kind.context,
    minimumRows: kind.minimumRows,
    maximumRows: kind.maximumRows,
    fit: (window, options) => kind.fit(window, options as Parameters<typeof kind.fit>[1]),
    score: (model, block, from) => kind.score(model as M, block, from),
    threshold: (model) => kind.threshold(model as M),
    explain: (model, block, row) => kind.explain(model as M, block, row),
    encode: (model) => kind.encode(model as M),
    decode: (files) => kind.decode(files),
  };
}

/** All kinds there are, in the order in which they are shown. */
export function modelKinds(wishes: KindWishes = {}): readonly AnyModelKind[] {
  const lstm = createLstm(new ChosenEngine({ choice: wishes.lstmEngine, log: wishes.log }));
  return [anyKind(heuristic), anyKind(isolationForest), anyKind(lstm)];
}

/** All kinds as they are without wishes. */
export const KINDS: readonly AnyModelKind[] = modelKinds();

/** @throws Error when no kind of that name is built in */
export function kindOf(name: ModelKindName, wishes?: KindWishes): AnyModelKind {
  const kinds = wishes === undefined ? KINDS : modelKinds(wishes);
  const kind = kinds.find((k) => k.name === name);
  if (kind === undefined) throw new Error(`no model kind ${name}: known are ${kinds.map((k) => k.name).join(', ')}`);
  return kind;
}

/** The same, by name. */
export function kindsByName(wishes: KindWishes = {}): Readonly<Partial<Record<ModelKindName, AnyModelKind>>> {
  return Object.fromEntries(modelKinds(wishes).map((kind) => [kind.name, kind]));
}
