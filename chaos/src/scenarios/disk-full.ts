import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { lacksMount, mountSmallDisk } from '../nemesis/small-disk.js';
import type { Scenario } from '../stage.js';
import { CONCURRENCY, LEASE_MS, startSystem } from '../system.js';

const MEGABYTES = 192;
/** A small log that is written anew often: what is full shows soon. */
const SETTINGS = { wal_recycle: 'off', min_wal_size: '32MB', max_wal_size: '32MB', checkpoint_timeout: '30s' };

export const diskFull: Scenario = {
  name: 'disk-full',
  describe: 'the disk of PostgreSQL and its write-ahead log (a small tmpfs) is full for a while',
  lacks: lacksMount,
  async run(stage) {
    const disk = mountSmallDisk(join(stage.folder, 'disk'), MEGABYTES);
    stage.cleanup.add(disk.unmount);
    const postgres = await stage.startPostgres({ folder: join(disk.folder, 'postgres'), settings: SETTINGS });
    const system = await startSystem(stage, { postgres });
    const load = system.load();
    await wait(2000);

    const seconds = stage.seconds(15);
    // Some commits get through and others don't, so a delivery may be interrupted once in each of its leases.
    const perDelivery = 1 + Math.ceil((seconds * 1000) / LEASE_MS);
    const interrupts = CONCURRENCY * system.processes.workers.length * perDelivery;
    const over = system.fault({ name: 'the disk is full', interrupts, perDelivery });
    const end = performance.now() + seconds * 1000;
    // What PostgreSQL gives back, by a checkpoint or a restart, is taken as well.
    while (performance.now() < end) {
      disk.fill();
      await wait(100);
    }
    disk.free();
    // A server that has no room for its log ends; whoever runs it starts it again when there is.
    await postgres.stop('SIGQUIT');
    await postgres.start();
    over();
    await wait(2000);
    await load.stop();
    const refused = system.publisher.replies.filter(({ status }) => status !== 200 && status !== 202).length;
    const verdict = await system.settle();
    verdict.notes = [`${String(refused)} requests to publish were refused while the disk was full`];
    if (refused === 0) verdict.violations.push('the full disk was not noticed: the scenario did not take place');
    return verdict;
  },
};
