import { randomUUID } from 'node:crypto';
import type { TaskHold } from '@tidings/runtime/periodic-task';
import type { Queryable } from './database.js';
import { giveBackTask, takeTasks } from './sql/periodic-tasks.js';

/** How long it is believed that another process has a task, in milliseconds: less than the time between two requests for it. */
const REFUSED_FOR_MS = 900;

/**
 * Creates the hold of this process on periodic tasks that one of all processes runs. It asks for all its tasks together, and again
 * when half of the time is over for which it has one: each task alone, in each round, would be most of what an idle installation
 * asks PostgreSQL.
 */
export function createTaskHold(sql: Queryable): TaskHold {
  const runner = randomUUID();
  const tasks = new Map<string, { forMs: number; isHeld: boolean; askedAt: number }>();
  let asking: Promise<void> | undefined;

  const askForAll = async (): Promise<void> => {
    const asked = [...tasks];
    const askedAt = performance.now();
    const held = await takeTasks(
      sql,
      asked.map(([name, { forMs }]) => ({ name, forMs })),
      runner,
    );
    for (const [name, task] of asked) Object.assign(task, { isHeld: held.has(name), askedAt });
  };
  /** Joins the request that is under way, or begins one. */
  const ask = (): Promise<void> =>
    (asking ??= askForAll().finally(() => {
      asking = undefined;
    }));

  return {
    async take(name, forMs) {
      const task = tasks.get(name) ?? { forMs, isHeld: false, askedAt: Number.NEGATIVE_INFINITY };
      tasks.set(name, Object.assign(task, { forMs }));
      const isKnown = (): boolean => performance.now() - task.askedAt < (task.isHeld ? forMs / 2 : REFUSED_FOR_MS);
      // A request that is under way may have begun without this task.
      if (!isKnown() && asking) await asking.catch(() => undefined);
      if (!isKnown()) await ask();
      return task.isHeld;
    },
    async giveBack(name) {
      tasks.delete(name);
      // It would take the task again.
      await asking?.catch(() => undefined);
      await giveBackTask(sql, name, runner);
    },
  };
}
