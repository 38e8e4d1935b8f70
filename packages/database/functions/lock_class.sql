-- Returns the first half of the keys of Tidings' advisory locks, the table `events` of this schema: two installations in one database
-- do not wait for each other. The second half is the number of the lock:
--   1  the event log: positions become visible in their order (`lock_log`)
--   2  its periods (`add_period`, `drop_next_partition`)
--   3  the pause of all deliveries: claims share it (`lock_webhooks`)
--   4  the revocations: their changes become visible in their order (`writeRevocations`)
--
-- Before, all installations of a database shared the locks 4105112401 to 4105112403 in place of the first three. While an upgrade runs,
-- processes and transactions of the version before still take those. So each function takes its own lock first, and then shares the old
-- one: in this order no two callers wait for each other.
CREATE OR REPLACE FUNCTION lock_class() RETURNS INTEGER LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 'events'::regclass::oid::int;
