import { Argument, Option } from 'commander';
import { parseList } from '../option-values.js';

/** An argument that takes the name of an event type. Completion offers the server's types. */
export class EventTypeArgument extends Argument {
  constructor() {
    super('<type>', 'the event type: sync.completed');
  }
}

/** An option that takes the name of an event type. Completion offers the server's types. */
export class EventTypeOption extends Option {}

/** The option `--types`: patterns of event types, comma-separated. Completion offers the server's types, `prefix.*` and `type@version`. */
export class EventTypePatternsOption extends Option {
  constructor(description: string) {
    super('--types <types>', description);
    this.argParser(parseList);
  }
}
