-- Makes the id of a delivery that a replay adds for an event that has none for this webhook. Like those of `new_delivery_id` it
-- is a UUIDv7 of the event's time, but its other bits follow from the event and the webhook: replays at the same time make the
-- same id, so that only one of them adds the delivery.
CREATE OR REPLACE FUNCTION missing_delivery_id(webhook_id TEXT, event_position BIGINT, at TIMESTAMPTZ)
RETURNS TEXT LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
  SELECT 'dlv_' || encode(
    set_byte(set_byte(bits, 6, (get_byte(bits, 6) & 15) | 112), 8, (get_byte(bits, 8) & 63) | 128), 'hex'
  )::uuid
  FROM (
    SELECT overlay(
      decode(md5(webhook_id || ' ' || event_position), 'hex')
      PLACING substring(int8send(floor(extract(epoch FROM at) * 1000)::bigint) FROM 3) FROM 1 FOR 6
    ) AS bits
  ) AS id
);
