export { createClient, type Client, type ClientOptions } from './client.js';
export type { EventType, NewEvent, StreamedEvent, TypePattern } from './events.js';
export type { EventStore, StreamGap, StreamOptions } from './stream.js';
export { StreamError, type Problem } from './stream-error.js';
export type { TokenSource } from './token.js';
export type { components, paths } from './generated/api.js';
