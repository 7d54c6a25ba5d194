import { detect } from '../src/detection/detectorService.js';
import { runService } from '../src/services/service.js';

await runService('lstm-detector', (context) => detect(context, 'lstm'));
