import { afterAll, beforeAll } from '@jest/globals';
import { createMachineKeys } from '@tidings/config';
import { deliveriesStories } from '../test/stories/deliveries.js';
import { doctorStories } from '../test/stories/doctor.js';
import { listenStories } from '../test/stories/listen.js';
import { serverStories } from '../test/stories/server.js';
import { triggerStories } from '../test/stories/trigger.js';
import { webhooksStories } from '../test/stories/webhooks.js';
import { startSystem, type System } from '../test/system.js';

// One system for all of them: starting one takes as long as all stories together.
let system: System;
beforeAll(async () => {
  system = await startSystem(createMachineKeys());
});
afterAll(() => system.stop());
const running = (): System => system;

serverStories(running);
triggerStories(running);
webhooksStories(running);
deliveriesStories(running);
doctorStories(running);
listenStories(running);
