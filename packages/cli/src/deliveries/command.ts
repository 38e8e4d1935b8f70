import { Command } from 'commander';
import type { Io } from '../io.js';
import { cancelDeliveryCommand } from './cancel.js';
import { listDeliveriesCommand } from './list.js';
import { retryDeliveryCommand } from './retry.js';
import { showDeliveryCommand } from './show.js';

/** `tidings deliveries`: the delivery log of a webhook. */
export function deliveriesCommand(io: Io): Command {
  return new Command('deliveries')
    .description('The delivery log of a webhook: list, show, retry, cancel')
    .addCommand(listDeliveriesCommand(io))
    .addCommand(showDeliveryCommand(io))
    .addCommand(retryDeliveryCommand(io))
    .addCommand(cancelDeliveryCommand(io));
}
