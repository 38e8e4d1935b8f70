import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { missingMountRights, mountSmallDisk } from '../nemesis/small-disk.js';
import type { Scenario } from '../scenario.js';
import { CONCURRENCY, LEASE_MS, startSystem } from '../system.js';

const MEGABYTES = 192;
/** A small write-ahead log with new files: a full disk has an effect soon. */
const SETTINGS = { wal_recycle: 'off', min_wal_size: '32MB', max_wal_size: '32MB', checkpoint_timeout: '30s' };

export const diskFull: Scenario = {
  name: 'disk-full',
  description: 'the disk of PostgreSQL and its write-ahead log (a small tmpfs) is full for a while',
  missingRequirement: missingMountRights,
  async run(context) {
    const disk = mountSmallDisk(join(context.folder, 'disk'), MEGABYTES);
    context.cleanup.add(disk.unmount);
    const postgres = await context.startPostgres({ folder: join(disk.folder, 'postgres'), settings: SETTINGS });
    const system = await startSystem(context, { postgres });
    const load = system.startLoad();
    await wait(2000);

    const seconds = context.seconds(15);
    // Some commits succeed and others fail, so a delivery may be interrupted once in each of its leases.
    const perDelivery = 1 + Math.ceil((seconds * 1000) / LEASE_MS);
    const interrupts = CONCURRENCY * system.processes.workers.length * perDelivery;
    const endFault = system.startFault({ name: 'the disk is full', interrupts, perDelivery });
    const end = performance.now() + seconds * 1000;
    // Also fills the space that PostgreSQL frees by a checkpoint or a restart.
    while (performance.now() < end) {
      disk.fill();
      await wait(100);
    }
    disk.free();
    // PostgreSQL exits when there is no space for its log; an operator starts it again after freeing space.
    await postgres.stop('SIGQUIT');
    await postgres.start();
    endFault();
    await wait(2000);
    await load.stop();
    const refused = system.publisher.replies.filter(({ status }) => status !== 200 && status !== 202).length;
    const verdict = await system.drainAndJudge();
    verdict.notes = [`${String(refused)} publish requests were refused while the disk was full`];
    if (refused === 0) verdict.violations.push('no request was refused while the disk was full: the scenario had no effect');
    return verdict;
  },
};
