import { createSocket } from 'node:dgram';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** A local server that speaks a channel's protocol and keeps what it took. */
export interface Receiver {
  port: number;
  /** One text a message. */
  messages: string[];
  /** Refuses what comes while true. */
  failing: boolean;
  close(): void;
}

export async function httpReceiver(): Promise<Receiver> {
  const messages: string[] = [];
  const server = createHttpServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      if (receiver.failing) return response.writeHead(503).end(`cannot take it at ${request.url}`);
      messages.push(body);
      return response.writeHead(200).end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: Receiver = {
    port: (server.address() as AddressInfo).port,
    messages,
    failing: false,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return receiver;
}

/** Takes one mail after the other (RFC 5321) with any login. */
export async function smtpReceiver(): Promise<Receiver> {
  const messages: string[] = [];
  const server = createServer((socket) => {
    let pending = '';
    let mail: string | null = null;
    socket.on('error', () => {});
    socket.write('220 mail.test ESMTP\r\n');
    socket.on('data', (chunk) => {
      pending += chunk;
      for (let end = pending.indexOf('\r\n'); end >= 0; end = pending.indexOf('\r\n')) {
        const line = pending.slice(0, end);
        pending = pending.slice(end + 2);
        if (mail !== null && line !== '.') mail += `${line}\n`;
        else if (mail !== null) {
          messages.push(mail);
          mail = null;
          socket.write('250 queued\r\n');
        } else if (/^DATA/i.test(line)) {
          mail = '';
          socket.write('354 go on\r\n');
        } else if (/^AUTH PLAIN/i.test(line)) socket.write('235 welcome\r\n');
        else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n');
        else socket.write(receiver.failing ? '450 later\r\n' : '250 ok\r\n');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: Receiver = {
    port: (server.address() as AddressInfo).port,
    messages,
    failing: false,
    close: () => server.close(),
  };
  return receiver;
}

/** A mail server that never stops talking and never comes to the point: a line a tenth of a second, without an end. */
export async function tarpit(): Promise<{ port: number; connections: () => number; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    const drip = setInterval(() => socket.write('220-please wait\r\n'), 100);
    socket.on('close', () => {
      clearInterval(drip);
      sockets.delete(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => sockets.size,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Datagrams of RFC 5426. */
export async function syslogReceiver(): Promise<Receiver> {
  const messages: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (message) => messages.push(message.toString()));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return { port: socket.address().port, messages, failing: false, close: () => socket.close() };
}
