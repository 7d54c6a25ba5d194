import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { PostgresConnectionOptions, PostgresQueueBackend, Queue } from 'bullmq';
import type { FastifyInstance } from 'fastify';
import { promotionOf, type QueueHelp, refusalOf } from './boardChecks.js';

/** A BullMQ queue on either store. */
export type BoardQueue =
  | Queue
  | Queue<unknown, unknown, string, unknown, unknown, string, PostgresQueueBackend, PostgresConnectionOptions>;

/** Mounts Bull Board with all queues at /queues. */
export async function mountBoard(
  server: FastifyInstance,
  queues: readonly BoardQueue[],
  help: Readonly<Record<string, QueueHelp>>,
): Promise<void> {
  const serverAdapter = new FastifyAdapter();
  serverAdapter.setBasePath('/queues');
  // Bull Board asks a queue only for what both stores have, but names the type of the one on Redis.
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue as Queue, shownOf(help[queue.name]))),
    serverAdapter,
    options: {
      uiConfig: {
        boardTitle: 'Routewarden jobs',
        hideDocsLink: true,
        boardLogo: { path: '/favicon.svg', width: '26px', height: '26px' },
        miscLinks: [{ text: 'Routewarden overview', url: '/' }],
        favIcon: { default: '/favicon.svg', alternative: '/favicon.svg' },
      },
    },
  });
  await server.register(
    async (board) => {
      // Its page asks Google for fonts: nothing here may show others who looks at what, and the policy blocks it anyway.
      board.addHook('onSend', async (_request, _reply, payload) =>
        typeof payload === 'string' ? ours(payload) : payload,
      );
      board.addHook('preHandler', async (request, reply) => {
        const refusal = refusalOf(request, help);
        if (refusal !== null) return reply.status(400).send({ error: refusal, message: refusal });
        const promotion = promotionOf(request, help);
        if (promotion === undefined) return undefined;
        const { promote, queueName, jobId } = promotion;
        const queue = queues.find(({ name }) => name === queueName);
        const jobs = jobId === undefined ? await queue?.getDelayed() : [await queue?.getJob(jobId)];
        const by = { actor: request.visitor?.actor ?? request.ip, reason: 'promoted in Bull Board' };
        for (const job of jobs ?? []) {
          if (job === undefined) return reply.status(404).send({ error: `There is no job ${jobId} in ${queueName}.` });
          await promote(job.data, by);
          await job.remove();
        }
        return reply.status(204).send();
      });
      await board.register(serverAdapter.registerPlugin());
    },
    { prefix: '/queues' },
  );
}

function shownOf({ description, jobDataSchema }: QueueHelp = {}) {
  return { ...(description && { description }), ...(jobDataSchema && { jobDataSchema }) };
}

/** Its page in our colours, with a way back to ours. */
function ours(html: string): string {
  return html
    .replace(/<link href="https:\/\/fonts\.googleapis[^>]*>/, '')
    .replace('</head>', '<link href="/board.css" rel="stylesheet"><script src="/board.js" defer></script></head>')
    .replace(
      '<div id="root">',
      '<a class="routewarden-back" href="/">&larr; Routewarden overview</a>\n<div id="root">',
    );
}
