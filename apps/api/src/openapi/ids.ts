import { LOGGED_EVENT_ID, OWNER_ID } from '@tidings/events';

/** The form of ids that Tidings makes: `wh_`, `evt_` or `dlv_` and a UUID. */
export const RESOURCE_ID = /^[a-z]{2,3}_[0-9a-f-]{36}$/;

/** The forms of ids in paths that are others than {@link RESOURCE_ID}, by the resource. */
export const IDS: Readonly<Record<string, RegExp>> = { owner: OWNER_ID, event: LOGGED_EVENT_ID };
