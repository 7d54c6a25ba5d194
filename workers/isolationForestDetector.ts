import { detect } from '../src/detection/detectorService.js';
import { runService } from '../src/services/service.js';

await runService('isolation-forest-detector', (context) => detect(context, 'isolation_forest'));
