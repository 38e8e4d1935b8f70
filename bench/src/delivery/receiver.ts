// A receiver that only counts: it answers 204 to a POST, and the number of POSTs to a GET.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

let count = 0;
const server = createServer((request, response) => {
  if (request.method === 'GET') {
    response.end(String(count));
    return;
  }
  request.resume().once('end', () => {
    count += 1;
    response.writeHead(204).end();
  });
}).listen(0, '127.0.0.1', () => {
  console.log(`ready ${String((server.address() as AddressInfo).port)}.`);
});
