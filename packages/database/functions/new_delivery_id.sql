-- Makes the id of a delivery: UUIDv7 (RFC 9562, 5.7), which is 48 bits of Unix milliseconds, then version, variant and
-- random bits. SQL makes it, because one statement writes an event and all its deliveries. PostgreSQL has uuidv7() only
-- from 18 on.
CREATE OR REPLACE FUNCTION new_delivery_id(at TIMESTAMPTZ)
RETURNS TEXT LANGUAGE sql VOLATILE PARALLEL SAFE
RETURN 'dlv_' || encode(
  set_bit(
    set_bit(
      overlay(
        uuid_send(gen_random_uuid())
        PLACING substring(int8send(floor(extract(epoch FROM at) * 1000)::bigint) FROM 3) FROM 1 FOR 6
      ),
      52, 1
    ),
    53, 1
  ),
  'hex'
)::uuid;
