import { correlateNext } from '../src/incidents/correlationStep.js';
import { WatchList } from '../src/incidents/watchList.js';
import { runService } from '../src/services/service.js';
import { runStage } from '../src/services/stage.js';

await runService('correlator', async (context) => {});
