import { createServer } from 'node:net';

/** The page cannot listen there; the message says what to do, and needs no stack. */
export class PortInUse extends Error {
  constructor(host: string, port: number) {
    super(
      `port ${port} on ${host} is in use: stop what uses it, or choose another with dashboard.port or ROUTEWARDEN_DASHBOARD_PORT, in the demo with --port (0 takes any free one)`,
    );
    this.name = 'PortInUse';
  }
}

/** @throws PortInUse when another process listens there now */
export async function mustBeFree({ host, port }: { host: string; port: number }): Promise<void> {
  const server = createServer();
  try {
    await new Promise<void>((done, fail) => server.once('error', fail).listen(port, host, done));
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? new PortInUse(host, port) : error;
  }
  await new Promise((done) => server.close(done));
}
