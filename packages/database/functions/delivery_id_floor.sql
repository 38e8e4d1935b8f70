-- Returns the lowest delivery id of a millisecond. UUIDv7 (RFC 9562, 5.7) begins with 48 bits of Unix milliseconds, so a
-- span of time is a range of ids. `deliveryIdFloor` in src/delivery-id.ts is the same rule in TypeScript.
CREATE OR REPLACE FUNCTION delivery_id_floor(at TIMESTAMPTZ)
RETURNS TEXT LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 'dlv_' || substr(encode(int8send(floor(extract(epoch FROM at) * 1000)::bigint), 'hex'), 5, 8)
  || '-' || substr(encode(int8send(floor(extract(epoch FROM at) * 1000)::bigint), 'hex'), 13, 4);
