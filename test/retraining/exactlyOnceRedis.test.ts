import { describeExactlyOnce } from './exactlyOnce.js';

describeExactlyOnce('redis');
