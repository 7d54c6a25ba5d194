import { detect } from '../src/detection/detectorService.js';
import { runService } from '../src/services/service.js';

await runService('heuristic-detector', (context) => detect(context, 'heuristic'));
