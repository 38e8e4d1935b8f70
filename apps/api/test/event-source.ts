/** An event that an EventSource dispatches. */
export interface DispatchedEvent {
  type: string;
  data: string;
  lastEventId: string;
}

/**
 * The part of an EventSource that interprets streams, to the letter of the WHATWG text: the buffers are empty at the beginning
 * of each connection, and each blank line sets the last event id to the id buffer, also where no event is dispatched.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export class EventSourceParser {
  /** The value of `Last-Event-ID` at the next reconnection; empty: the header is not sent. */
  lastEventId = '';
  /** The reconnection time in milliseconds; undefined before the first `retry:`. */
  reconnectionTime: number | undefined;
  readonly events: DispatchedEvent[] = [];

  /** Begins a connection. Returns the function that takes each piece of its text, cut at any place. */
  connect(): (text: string) => void {
    const buffers = { data: '', type: '', id: '' };
    let rest = '';
    let isFirst = true;
    return (text) => {
      rest += text;
      if (isFirst && rest !== '') {
        rest = rest.replace(/^\uFEFF/, '');
        isFirst = false;
      }
      // A CR at the end may be the first half of a CRLF.
      for (let line = /^([^\r\n]*)(\r\n|\n|\r(?!$))/.exec(rest); line; line = /^([^\r\n]*)(\r\n|\n|\r(?!$))/.exec(rest)) {
        rest = rest.slice(line[0].length);
        this.#processLine(String(line[1]), buffers);
      }
    };
  }

  #processLine(line: string, buffers: { data: string; type: string; id: string }): void {
    if (line === '') {
      this.#dispatch(buffers);
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') buffers.type = value;
    else if (name === 'data') buffers.data += `${value}\n`;
    else if (name === 'id' && !value.includes('\0')) buffers.id = value;
    else if (name === 'retry' && /^[0-9]+$/.test(value)) this.reconnectionTime = Number(value);
  }

  #dispatch(buffers: { data: string; type: string; id: string }): void {
    this.lastEventId = buffers.id;
    const { data, type } = buffers;
    buffers.data = '';
    buffers.type = '';
    if (data === '') return;
    this.events.push({ type: type === '' ? 'message' : type, data: data.replace(/\n$/, ''), lastEventId: this.lastEventId });
  }
}
