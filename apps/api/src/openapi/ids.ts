import { LOGGED_EVENT_ID, OWNER_ID } from '@tidings/events';

/** The form of ids that Tidings makes: `wh_`, `evt_` or `dlv_` and a UUID. */
export const RESOURCE_ID = /^[a-z]{2,3}_[0-9a-f-]{36}$/;

/** Whether it may be the name of a new type is checked when it is written. */
const EVENT_TYPE = /^[^\p{C}]{1,200}$/u;

/** The forms of ids in paths that are others than {@link RESOURCE_ID}, by the resource. */
export const IDS: Readonly<Record<string, RegExp>> = { owner: OWNER_ID, event: LOGGED_EVENT_ID, 'event type': EVENT_TYPE };
