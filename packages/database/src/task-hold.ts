import { randomUUID } from 'node:crypto';
import type { TaskHold } from '@tidings/runtime/periodic-task';
import type { Queryable } from './database.js';
import { giveBackTask, takeTask } from './sql/periodic-tasks.js';

/** Creates the hold of this process on periodic tasks that one of all processes runs. */
export function createTaskHold(sql: Queryable): TaskHold {
  const runner = randomUUID();
  return {
    take: (task, forMs) => takeTask(sql, task, runner, forMs),
    giveBack: (task) => giveBackTask(sql, task, runner),
  };
}
