import { parentPort } from 'node:worker_threads';
import { carryOut, type Trial } from './trial.js';

parentPort?.on('message', async (trial: Trial) => parentPort?.postMessage(await carryOut(trial)));
