import type { WatchRule } from '../finding.js';
import { maximumLength } from './maximumLength.js';
import { neighbours } from './neighbours.js';
import { origin } from './origin.js';
import { path } from './path.js';
import { undeclared } from './undeclared.js';
import { visibility } from './visibility.js';

export const WATCH_RULES: readonly WatchRule[] = [origin, undeclared, visibility, neighbours, maximumLength, path];
