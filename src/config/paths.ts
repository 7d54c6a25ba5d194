import { fileURLToPath } from 'node:url';

/** The folder of package.json: dist/src/config/ is three levels below it. */
export const packageRoot = fileURLToPath(new URL('../../../', import.meta.url));
