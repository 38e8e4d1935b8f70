// The upper limit: a server that writes one prebuilt buffer to each of its connections for each message.
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { decodeAnnouncement } from '@tidings/accept';
import { connectRedis } from '@tidings/queue';

const { REDIS_URL: redisUrl = '', CHANNEL: channel = '' } = process.env;
const sockets = new Set<Socket>();

const subscriber = connectRedis(redisUrl, 'subscriber', () => undefined);
await subscriber.subscribe(channel);
subscriber.on('message', (_channel: string, message: string) => {
  for (const { id, type, data } of decodeAnnouncement(message)) {
    const content = `id: ${id}\nevent: ${type}\ndata: ${data}\n\n`;
    const chunk = Buffer.from(`${Buffer.byteLength(content).toString(16)}\r\n${content}\r\n`);
    for (const socket of sockets) socket.write(chunk);
  }
});

const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
  const { socket } = response;
  if (!socket) return;
  socket.setTimeout(0);
  sockets.add(socket);
  response.once('close', () => sockets.delete(socket));
}).listen(0, '127.0.0.1', () => {
  console.log(`ready ${String((server.address() as AddressInfo).port)}.`);
});
