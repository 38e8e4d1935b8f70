import { afterAll, beforeAll } from '@jest/globals';
import { createMachineKeys } from '@tidings/config';
import { deliveriesStories } from '../test/stories/deliveries.js';
import { doctorStories } from '../test/stories/doctor.js';
import { listenStories } from '../test/stories/listen.js';
import { serverStories } from '../test/stories/server.js';
import { triggerStories } from '../test/stories/trigger.js';
import { typesStories } from '../test/stories/types.js';
import { webhooksStories } from '../test/stories/webhooks.js';
import { startSystem, type System } from '../test/system.js';

// All suites share one system: starting one takes as long as all suites together.
let system: System;
beforeAll(async () => {
  system = await startSystem(createMachineKeys());
});
afterAll(() => system.stop());
const getSystem = (): System => system;

serverStories(getSystem);
triggerStories(getSystem);
typesStories(getSystem);
webhooksStories(getSystem);
deliveriesStories(getSystem);
doctorStories(getSystem);
listenStories(getSystem);
