// Measures how much this process grows, in MB of resident memory, when it sends AT_ONCE requests to each URL at once. The first
// URL is a polite receiver, which is used to warm up. Prints a JSON array with one number for each further URL.
// node --expose-gc measure-sender.mjs TIMEOUT_MS AT_ONCE POLITE_URL URL …
import { clearInterval, setInterval } from 'node:timers';
import { createAgents, createGuard, parseNetworks } from '@tidings/egress';
import { createSender } from '../dist/deliver/send.js';

const [timeoutMs, atOnce, polite, ...urls] = process.argv.slice(2);
const agents = createAgents({ guard: createGuard({ allowed: parseNetworks('127.0.0.0/8') }) });
const send = createSender({ agents, timeoutMs: Number(timeoutMs) });
const body = JSON.stringify({ type: 'sync.completed', data: 'x'.repeat(1000) });
const sendTo = (url) => Promise.all(Array.from({ length: Number(atOnce) }, () => send({ url, headers: {}, body })));
const residentMb = () => process.memoryUsage.rss() / 2 ** 20;

for (let round = 0; round < 100; round += 1) await sendTo(polite);
const growth = [];
for (const url of urls) {
  globalThis.gc();
  const before = residentMb();
  let peak = before;
  const timer = setInterval(() => (peak = Math.max(peak, residentMb())), 5);
  await sendTo(url);
  clearInterval(timer);
  growth.push(Math.round(Math.max(peak, residentMb()) - before));
}
agents.close();
process.stdout.write(JSON.stringify(growth));
