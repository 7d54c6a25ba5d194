import { describeExactlyOnce } from './exactlyOnce.js';

describeExactlyOnce('postgres');
