// bullmq.mjs work SOCKET CONCURRENCY: a worker; bullmq.mjs submit SOCKET TASKS: seconds from the
// first submission until every result is stored. Run it from where npm has put bullmq and ioredis.
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

const require = createRequire(process.cwd() + '/');
const { Queue, Worker } = require('bullmq');
const IORedis = require('ioredis');
const [what, socket, number] = process.argv.slice(2);
const connection = new (IORedis.default ?? IORedis)({ path: socket, maxRetriesPerRequest: null });

if (what === 'work') {
  new Worker('bench', async (job) => job.data, { connection, concurrency: Number(number) });
} else {
  const queue = new Queue('bench', { connection });
  const n = Number(number);
  const jobs = Array.from({ length: n }, (_, i) => ({ name: 'noop', data: i }));
  const start = process.hrtime.bigint();

  for (let i = 0; i < n; i += 1000) await queue.addBulk(jobs.slice(i, i + 1000));
  while ((await queue.getCompletedCount()) < n) await sleep(10);
  console.log(Number(process.hrtime.bigint() - start) / 1e9);
  process.exit(0);
}
