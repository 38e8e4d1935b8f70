import type { Server } from 'node:net';
import { clientNetwork } from '../limits/client-network.js';
import { createCounts } from '../limits/counts.js';

interface ConnectionsPerAddressOptions {
  /** The maximum number of open connections from one address, or from one /64 of IPv6. */
  max: number;
  /** Whether the address is that of a trusted proxy, whose connections are those of many clients. They are not counted. */
  isTrustedProxy: (address: string) => boolean;
  /** Called for each refused connection with the network that counts as one client. */
  onRefused: (network: string) => void;
}

/** Closes each connection from an address that has the maximum number of open ones, as soon as it is opened. */
export function limitConnectionsPerAddress(
  server: Server,
  { max, isTrustedProxy, onRefused }: ConnectionsPerAddressOptions,
): void {
  const counts = createCounts();
  server.on('connection', (socket) => {
    const { remoteAddress: address } = socket;
    // A connection without an address is closed already.
    if (address === undefined || isTrustedProxy(address)) return;
    const network = clientNetwork(address);
    if (counts.of(network) >= max) {
      socket.destroy();
      onRefused(network);
      return;
    }
    counts.add(network);
    socket.once('close', () => {
      counts.remove(network);
    });
  });
}
