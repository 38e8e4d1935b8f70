-- The schema that the migrations produce, to be read and searched: npm run generate:schema writes it, and a test compares it.
-- The partitions of events, deliveries and attempts are left out: add_partition makes them as time passes.

-- Types

CREATE TYPE delivery_stage AS ENUM ('admitted', 'backoff', 'parked');
CREATE TYPE delivery_status AS ENUM ('pending', 'succeeded', 'failed', 'cancelled', 'skipped');
CREATE TYPE webhook_disabled_reason AS ENUM ('failing', 'gone', 'operator');
CREATE TYPE webhook_ordering AS ENUM ('unordered', 'fifo');

-- Sequences

CREATE SEQUENCE audit_log_id_seq AS bigint;
CREATE SEQUENCE events_position_seq AS bigint;
CREATE SEQUENCE revocations_change_seq AS bigint;

-- Tables

CREATE TABLE activity_minutes (
  minute timestamp(0) with time zone NOT NULL,
  outcome text NOT NULL,
  attempts integer NOT NULL,
  durations integer[],
  CONSTRAINT activity_minutes_pkey PRIMARY KEY (minute, outcome)
);

CREATE TABLE activity_owners (
  period timestamp(0) with time zone NOT NULL,
  owner text NOT NULL,
  attempts integer NOT NULL,
  failed integer NOT NULL,
  busy_ms bigint NOT NULL,
  CONSTRAINT activity_owners_pkey PRIMARY KEY (period, owner)
);

CREATE TABLE attempts (
  delivery_id text COLLATE "C" NOT NULL,
  number integer NOT NULL,
  started_at timestamp(3) with time zone NOT NULL,
  duration_ms integer NOT NULL,
  replay boolean NOT NULL DEFAULT false,
  status_code integer,
  error_class text,
  error text,
  response_body text,
  counted boolean NOT NULL DEFAULT true,
  request_headers json,
  response_headers json,
  url text,
  hour integer,
  webhook_id text,
  CONSTRAINT attempts_pkey PRIMARY KEY (delivery_id, number)
) PARTITION BY RANGE (delivery_id);

CREATE TABLE audit_log (
  id bigint NOT NULL DEFAULT nextval('audit_log_id_seq'::regclass),
  at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
  actor text NOT NULL,
  action text NOT NULL,
  owner text,
  webhook_id text,
  details jsonb NOT NULL,
  actor_kind text,
  CONSTRAINT audit_log_pkey PRIMARY KEY (id)
);

CREATE TABLE cancellations (
  webhook_id text NOT NULL,
  requested_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT cancellations_pkey PRIMARY KEY (webhook_id)
);

CREATE TABLE counted_hours (
  "only" boolean NOT NULL DEFAULT true,
  hour integer NOT NULL,
  cursor text NOT NULL DEFAULT ''::text,
  CONSTRAINT counted_hours_pkey PRIMARY KEY ("only")
);

CREATE TABLE deliveries (
  id text COLLATE "C" NOT NULL,
  event_id text NOT NULL,
  event_position bigint NOT NULL,
  webhook_id text NOT NULL,
  owner text NOT NULL,
  event_type text NOT NULL,
  status delivery_status NOT NULL DEFAULT 'pending'::delivery_status,
  attempt_count integer NOT NULL DEFAULT 0,
  replay boolean NOT NULL DEFAULT false,
  created_at timestamp(3) with time zone NOT NULL,
  finished_at timestamp(3) with time zone,
  event_version integer NOT NULL DEFAULT 1,
  CONSTRAINT deliveries_pkey PRIMARY KEY (id)
) PARTITION BY RANGE (id);

CREATE TABLE delivery_pause (
  "only" boolean NOT NULL DEFAULT true,
  paused_at timestamp(3) with time zone,
  paused_by text,
  CONSTRAINT delivery_pause_one_row CHECK ("only"),
  CONSTRAINT delivery_pause_pkey PRIMARY KEY ("only")
);

CREATE TABLE event_type_state (
  id boolean NOT NULL DEFAULT true,
  state uuid NOT NULL,
  CONSTRAINT event_type_state_pkey PRIMARY KEY (id)
);

CREATE TABLE event_type_versions (
  type text NOT NULL,
  version integer NOT NULL,
  audience text NOT NULL,
  owner_field text NOT NULL,
  unknown_fields text NOT NULL,
  schema json NOT NULL,
  examples json NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
  archived_at timestamp(3) with time zone,
  CONSTRAINT event_type_versions_type_fkey FOREIGN KEY (type) REFERENCES event_types(name) ON UPDATE RESTRICT ON DELETE RESTRICT,
  CONSTRAINT event_type_versions_pkey PRIMARY KEY (type, version)
);

CREATE TABLE event_types (
  name text NOT NULL,
  title text,
  description text NOT NULL,
  "group" text,
  default_version integer NOT NULL,
  deprecated_at timestamp(3) with time zone,
  replaced_by text,
  archived_at timestamp(3) with time zone,
  created_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
  revision uuid NOT NULL DEFAULT gen_random_uuid(),
  CONSTRAINT event_types_pkey PRIMARY KEY (name)
);

CREATE TABLE events (
  id text NOT NULL,
  "position" bigint NOT NULL DEFAULT nextval('events_position_seq'::regclass),
  type text NOT NULL,
  owner text,
  data json NOT NULL,
  "timestamp" timestamp(3) with time zone NOT NULL,
  accepted_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
  traceparent text,
  published_by text,
  is_preview boolean NOT NULL DEFAULT false,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT events_pkey PRIMARY KEY ("position", accepted_at)
) PARTITION BY RANGE (accepted_at);

CREATE TABLE expansions (
  event_position bigint NOT NULL,
  event_id text NOT NULL,
  event_type text NOT NULL,
  owner text,
  accepted_at timestamp(3) with time zone NOT NULL,
  patterns text[],
  fifo_done boolean NOT NULL DEFAULT false,
  fifo_cursor text NOT NULL DEFAULT ''::text,
  cursor text NOT NULL DEFAULT ''::text,
  ordering_changed boolean NOT NULL DEFAULT false,
  deliveries integer NOT NULL DEFAULT 0,
  event_version integer NOT NULL DEFAULT 1,
  CONSTRAINT expansions_pkey PRIMARY KEY (event_position)
);

CREATE TABLE expiry_notices (
  period text NOT NULL,
  webhook_id text NOT NULL,
  notified_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT expiry_notices_pkey PRIMARY KEY (period, webhook_id)
);

CREATE TABLE idempotency_keys (
  owner text NOT NULL,
  key text NOT NULL,
  digest bytea NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT idempotency_keys_pkey PRIMARY KEY (owner, key)
);

CREATE TABLE line_starts (
  webhook_id text NOT NULL,
  "position" bigint NOT NULL
);

CREATE TABLE owner_settings (
  owner text NOT NULL,
  disabled_at timestamp(3) with time zone,
  webhooks_limit integer,
  requests_per_minute integer,
  CONSTRAINT owner_settings_pkey PRIMARY KEY (owner)
);

CREATE TABLE partitions (
  name text NOT NULL,
  starts_at timestamp(3) with time zone,
  ends_at timestamp(3) with time zone NOT NULL,
  expired_at timestamp(3) with time zone,
  CONSTRAINT partitions_pkey PRIMARY KEY (name)
);

CREATE TABLE pending_deliveries (
  delivery_id text COLLATE "C" NOT NULL,
  webhook_id text NOT NULL,
  generation integer NOT NULL,
  event_position bigint NOT NULL,
  created_at timestamp(3) with time zone NOT NULL,
  stage delivery_stage NOT NULL,
  priority smallint NOT NULL DEFAULT 0,
  attempt_count integer NOT NULL DEFAULT 0,
  prior_attempts integer NOT NULL DEFAULT 0,
  replay boolean NOT NULL DEFAULT false,
  next_attempt_at timestamp(6) with time zone NOT NULL,
  wake_at timestamp(6) with time zone,
  lease_token uuid,
  leased_until timestamp(6) with time zone,
  ended boolean NOT NULL DEFAULT false,
  again boolean NOT NULL DEFAULT false,
  resent boolean NOT NULL DEFAULT false,
  first_attempt_at timestamp(6) with time zone,
  CONSTRAINT pending_deliveries_pkey PRIMARY KEY (delivery_id)
) WITH (fillfactor=60, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000, autovacuum_vacuum_insert_scale_factor=0, autovacuum_vacuum_insert_threshold=100000, autovacuum_vacuum_cost_delay=0, autovacuum_analyze_scale_factor=0, autovacuum_analyze_threshold=50000);

CREATE TABLE periodic_tasks (
  name text NOT NULL,
  runner text NOT NULL,
  expires_at timestamp(3) with time zone NOT NULL,
  CONSTRAINT periodic_tasks_pkey PRIMARY KEY (name)
);

CREATE TABLE registration_keys (
  owner text NOT NULL,
  key text NOT NULL,
  digest bytea NOT NULL,
  webhook_id text NOT NULL,
  sealed_answer bytea NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT registration_keys_pkey PRIMARY KEY (owner, key)
);

CREATE TABLE replays (
  webhook_id text NOT NULL,
  destination text NOT NULL,
  until timestamp(3) with time zone NOT NULL,
  CONSTRAINT replays_pkey PRIMARY KEY (webhook_id)
);

CREATE TABLE revocations (
  kind text NOT NULL,
  subject text NOT NULL,
  change bigint NOT NULL DEFAULT nextval('revocations_change_seq'::regclass),
  not_before timestamp(3) with time zone,
  ends_at timestamp(3) with time zone,
  revoked_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
  revoked_by text,
  CONSTRAINT revocations_pkey PRIMARY KEY (kind, subject)
);

CREATE TABLE subscriptions (
  pattern text NOT NULL,
  webhook_id text NOT NULL,
  CONSTRAINT subscriptions_pkey PRIMARY KEY (pattern, webhook_id)
);

CREATE TABLE verifications (
  webhook_id text NOT NULL,
  next_at timestamp(6) with time zone DEFAULT CURRENT_TIMESTAMP,
  attempt_count integer NOT NULL DEFAULT 0,
  CONSTRAINT verifications_pkey PRIMARY KEY (webhook_id)
);

CREATE TABLE webhook_hours (
  webhook_id text NOT NULL,
  hour integer NOT NULL,
  event_type text NOT NULL,
  status_class text NOT NULL,
  attempts integer NOT NULL,
  CONSTRAINT webhook_hours_pkey PRIMARY KEY (webhook_id, hour, event_type, status_class)
);

CREATE TABLE webhooks (
  id text NOT NULL,
  owner text NOT NULL,
  url text NOT NULL,
  event_types text[],
  description text,
  sealed_headers bytea,
  sealed_secret bytea NOT NULL,
  enabled boolean NOT NULL DEFAULT true,
  created_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
  max_in_flight integer NOT NULL DEFAULT 10,
  rate_limit integer,
  ordering webhook_ordering NOT NULL DEFAULT 'unordered'::webhook_ordering,
  retry_max_attempts integer,
  retry_initial_delay_ms integer,
  retry_max_delay_ms integer,
  disabled_reason webhook_disabled_reason,
  disabled_at timestamp(3) with time zone,
  disabled_notified_at timestamp(3) with time zone,
  failing_since timestamp(3) with time zone,
  unreachable_count integer NOT NULL DEFAULT 0,
  circuit_opened_at timestamp(3) with time zone,
  circuit_probe_at timestamp(6) with time zone,
  rate_next_at timestamp(6) with time zone,
  replay_next_at timestamp(6) with time zone,
  sealed_previous_secrets bytea,
  paused_at timestamp(3) with time zone,
  from_position bigint NOT NULL DEFAULT 0,
  generation integer NOT NULL DEFAULT 1,
  superseded_status delivery_status NOT NULL DEFAULT 'cancelled'::delivery_status,
  owner_paused_at timestamp(3) with time zone,
  backoff_count integer NOT NULL DEFAULT 0,
  learned_from double precision,
  learned_rate double precision,
  retry_schedule text,
  slow_downs integer NOT NULL DEFAULT 0,
  slowed_at timestamp(6) with time zone,
  throttled_until timestamp(6) with time zone,
  unverified_since timestamp(3) with time zone,
  verification_error text,
  verification_error_class text,
  verification_failed_at timestamp(3) with time zone,
  verified_at timestamp(3) with time zone,
  CONSTRAINT webhooks_pkey PRIMARY KEY (id)
) WITH (fillfactor=70);

-- Indexes

CREATE INDEX attempts_hour_webhook_id_idx ON ONLY attempts USING btree (hour, webhook_id);
CREATE INDEX audit_log_owner_id_idx ON audit_log USING btree (owner, id);
CREATE INDEX audit_log_webhook_id_id_idx ON audit_log USING btree (webhook_id, id);
CREATE INDEX cancellations_requested_at_idx ON cancellations USING btree (requested_at);
CREATE INDEX deliveries_webhook_id_id_idx ON ONLY deliveries USING btree (webhook_id, id);
CREATE INDEX events_everyone_idx ON ONLY events USING btree ("position") WHERE (owner IS NULL);
CREATE INDEX events_id_idx ON ONLY events USING btree (id);
CREATE INDEX events_owner_position_idx ON ONLY events USING btree (owner, "position");
CREATE INDEX expansions_fifo_done_event_position_idx ON expansions USING btree (fifo_done, event_position);
CREATE INDEX expiry_notices_webhook_id_idx ON expiry_notices USING btree (webhook_id);
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys USING btree (created_at);
CREATE UNIQUE INDEX line_starts_key ON line_starts USING btree (webhook_id, "position" DESC);
CREATE UNIQUE INDEX partitions_ends_at_key ON partitions USING btree (ends_at);
CREATE INDEX pending_deliveries_admitted_again_idx ON pending_deliveries USING btree (webhook_id, wake_at) WHERE ((stage = 'admitted'::delivery_stage) AND (priority > 0));
CREATE INDEX pending_deliveries_admitted_first_idx ON pending_deliveries USING btree (webhook_id, event_position) WHERE ((stage = 'admitted'::delivery_stage) AND (priority = 0));
CREATE INDEX pending_deliveries_backoff_idx ON pending_deliveries USING btree (webhook_id, generation, priority, event_position) WHERE (stage = 'backoff'::delivery_stage);
CREATE INDEX pending_deliveries_parked_idx ON pending_deliveries USING btree (webhook_id, generation, priority, event_position) WHERE (stage = 'parked'::delivery_stage);
CREATE INDEX pending_deliveries_wake_at_idx ON pending_deliveries USING btree (wake_at) WHERE (wake_at IS NOT NULL);
CREATE INDEX registration_keys_created_at_idx ON registration_keys USING btree (created_at);
CREATE INDEX replays_destination_until_idx ON replays USING btree (destination, until);
CREATE UNIQUE INDEX revocations_change_key ON revocations USING btree (change);
CREATE INDEX revocations_ends_at_idx ON revocations USING btree (ends_at);
CREATE INDEX subscriptions_webhook_id_idx ON subscriptions USING btree (webhook_id);
CREATE INDEX verifications_next_at_idx ON verifications USING btree (next_at);
CREATE INDEX webhook_hours_hour_idx ON webhook_hours USING brin (hour);
CREATE INDEX webhooks_fifo_idx ON webhooks USING btree (id) WHERE (ordering = 'fifo'::webhook_ordering);
CREATE INDEX webhooks_owner_id_idx ON webhooks USING btree (owner, id);
CREATE INDEX webhooks_paused_idx ON webhooks USING btree (id) WHERE ((paused_at IS NOT NULL) OR (owner_paused_at IS NOT NULL));
CREATE INDEX webhooks_unnotified_idx ON webhooks USING btree (disabled_at) WHERE ((disabled_at IS NOT NULL) AND (disabled_notified_at IS NULL));
CREATE INDEX webhooks_unverified_idx ON webhooks USING btree (id) WHERE (unverified_since IS NOT NULL);

-- Functions: packages/database/functions says what each is for

CREATE OR REPLACE FUNCTION add_counts(counts integer[], more_counts integer[])
 RETURNS integer[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ARRAY(SELECT (COALESCE(pair.a, 0) + COALESCE(pair.b, 0)) FROM UNNEST(add_counts.counts, add_counts.more_counts) WITH ORDINALITY pair(a, b, place) ORDER BY pair.place);

CREATE OR REPLACE FUNCTION add_partition(label text, from_at timestamp with time zone, until_at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
DECLARE
  first_at TEXT := coalesce(quote_literal(from_at), 'MINVALUE');
  first_id TEXT := coalesce(quote_literal(delivery_id_floor(from_at)), 'MINVALUE');
  end_id TEXT := quote_literal(delivery_id_floor(until_at));
BEGIN
  EXECUTE format('CREATE TABLE %I (LIKE events INCLUDING ALL)', 'events_' || label);
  EXECUTE format(
    'CREATE TABLE %I (LIKE deliveries INCLUDING ALL) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02)',
    'deliveries_' || label
  );
  EXECUTE format('CREATE TABLE %I (LIKE attempts INCLUDING ALL)', 'attempts_' || label);

  EXECUTE format('ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%L)', 'events_' || label, first_at, until_at);
  EXECUTE format('ALTER TABLE deliveries ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', 'deliveries_' || label, first_id, end_id);
  EXECUTE format('ALTER TABLE attempts ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', 'attempts_' || label, first_id, end_id);

  INSERT INTO partitions (name, starts_at, ends_at) VALUES (label, from_at, until_at);
END $function$;

CREATE OR REPLACE FUNCTION add_period(earliest timestamp with time zone, latest timestamp with time zone, days integer)
 RETURNS text
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
 SET lock_timeout TO '5s'
AS $function$
DECLARE
  -- Rounded like `events.accepted_at`.
  from_at TIMESTAMPTZ(3) := earliest;
  until_at TIMESTAMPTZ;
  covered_until TIMESTAMPTZ;
  label TEXT;
BEGIN
  PERFORM pg_advisory_xact_lock(lock_class(), 2), pg_advisory_xact_lock_shared(4105112402);
  LOOP
    SELECT ends_at INTO covered_until FROM partitions WHERE coalesce(starts_at, '-infinity') <= from_at AND from_at < ends_at;
    EXIT WHEN NOT FOUND;
    IF covered_until > latest THEN RETURN NULL; END IF;
    from_at := covered_until;
  END LOOP;

  from_at := greatest(
    date_trunc('day', from_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC',
    (SELECT max(ends_at) FROM partitions WHERE ends_at <= from_at)
  );
  until_at := least(
    (from_at AT TIME ZONE 'UTC' + make_interval(days => days)) AT TIME ZONE 'UTC',
    (SELECT min(starts_at) FROM partitions WHERE starts_at > from_at)
  );
  label := to_char(from_at AT TIME ZONE 'UTC', 'YYYY_MM_DD');
  PERFORM add_partition(label, from_at, until_at);
  RETURN label;
END $function$;

CREATE OR REPLACE FUNCTION audit_webhook()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE
  actor TEXT := coalesce(nullif(current_setting('tidings.actor', true), ''), 'tidings');
  kind TEXT := CASE WHEN nullif(current_setting('tidings.actor', true), '') IS NULL THEN 'system'
    ELSE nullif(current_setting('tidings.actor_kind', true), '') END;
  is_reseal BOOLEAN := actor = 'tidings reseal' AND coalesce(kind, 'system') = 'system';
  public_fields TEXT[] := ARRAY['url', 'event_types', 'description', 'max_in_flight', 'rate_limit', 'ordering',
    'retry_max_attempts', 'retry_initial_delay_ms', 'retry_max_delay_ms', 'retry_schedule', 'enabled'];
  before JSONB := CASE WHEN TG_OP = 'INSERT' THEN '{}' ELSE to_jsonb(OLD) END;
  after JSONB := CASE WHEN TG_OP = 'DELETE' THEN '{}' ELSE to_jsonb(NEW) END;
  audited_owner TEXT := coalesce(after, before) ->> 'owner';
  audited_id TEXT := coalesce(after, before) ->> 'id';
  changes JSONB;
BEGIN
  SELECT coalesce(jsonb_object_agg(field, jsonb_build_object('from', before -> field, 'to', after -> field)), '{}') INTO changes
    FROM unnest(public_fields) AS field
    WHERE nullif(before -> field, 'null') IS DISTINCT FROM nullif(after -> field, 'null')
      AND (field <> 'enabled' OR TG_OP = 'INSERT');
  IF before ->> 'sealed_headers' IS DISTINCT FROM after ->> 'sealed_headers' AND NOT is_reseal THEN
    changes := changes || '{"headers": {"from": "secret", "to": "secret"}}';
  END IF;

  IF TG_OP = 'INSERT' THEN
    IF is_paused(NEW) THEN
      changes := changes || jsonb_build_object('paused_by', jsonb_build_object('from', NULL, 'to', paused_by(NEW)));
    END IF;
    INSERT INTO audit_log (actor, actor_kind, action, owner, webhook_id, details)
      VALUES (actor, kind, 'webhook.created', audited_owner, audited_id, changes);
    RETURN NULL;
  END IF;
  IF TG_OP = 'DELETE' THEN
    INSERT INTO audit_log (actor, actor_kind, action, owner, webhook_id, details)
      VALUES (actor, kind, 'webhook.deleted', OLD.owner, OLD.id, jsonb_build_object('url', jsonb_build_object('from', OLD.url, 'to', NULL)));
    RETURN NULL;
  END IF;

  IF changes <> '{}' THEN
    INSERT INTO audit_log (actor, actor_kind, action, owner, webhook_id, details)
      VALUES (actor, kind, 'webhook.changed', audited_owner, audited_id, changes);
  END IF;
  IF NEW.enabled <> OLD.enabled OR NEW.disabled_reason IS DISTINCT FROM OLD.disabled_reason THEN
    INSERT INTO audit_log (actor, actor_kind, action, owner, webhook_id, details)
      VALUES (actor, kind, CASE WHEN NEW.enabled THEN 'webhook.enabled' ELSE 'webhook.disabled' END, audited_owner, audited_id,
        jsonb_build_object('reason', jsonb_build_object('from', OLD.disabled_reason, 'to', NEW.disabled_reason)));
  END IF;
  IF paused_by(NEW) <> paused_by(OLD) THEN
    INSERT INTO audit_log (actor, actor_kind, action, owner, webhook_id, details)
      VALUES (actor, kind, CASE WHEN paused_by(NEW) <@ paused_by(OLD) THEN 'webhook.resumed' ELSE 'webhook.paused' END, audited_owner, audited_id,
        jsonb_build_object('paused_by', jsonb_build_object('from', paused_by(OLD), 'to', paused_by(NEW))));
  END IF;
  IF NEW.sealed_secret <> OLD.sealed_secret THEN
    INSERT INTO audit_log (actor, actor_kind, action, owner, webhook_id, details)
      VALUES (actor, kind, CASE WHEN is_reseal THEN 'secret.resealed' ELSE 'secret.rotated' END, audited_owner, audited_id, '{}');
  END IF;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION delivery_id_floor(at timestamp with time zone)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((('dlv_'::text || substr(encode(int8send((floor((EXTRACT(epoch FROM at) * (1000)::numeric)))::bigint), 'hex'::text), 5, 8)) || '-'::text) || substr(encode(int8send((floor((EXTRACT(epoch FROM at) * (1000)::numeric)))::bigint), 'hex'::text), 13, 4));

CREATE OR REPLACE FUNCTION drop_next_partition(period text)
 RETURNS text
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
 SET lock_timeout TO '2s'
AS $function$
DECLARE
  kind TEXT;
  expired partitions;
  dropped REGCLASS;
BEGIN
  PERFORM pg_advisory_xact_lock(lock_class(), 2), pg_advisory_xact_lock_shared(4105112402);
  SELECT * INTO expired FROM partitions WHERE name = period AND expired_at <= now() - interval '1 day';
  IF NOT FOUND THEN RETURN NULL; END IF;
  FOREACH kind IN ARRAY ARRAY['deliveries', 'attempts', 'events'] LOOP
    SELECT inhrelid INTO dropped FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = to_regclass(kind) AND relname = kind || '_' || period;
    CONTINUE WHEN NOT FOUND;
    IF kind = 'deliveries' THEN
      IF has_pending(expired) THEN RETURN NULL; END IF;
      -- From here on no request can retry or replay one of its deliveries. DROP TABLE takes the same lock.
      LOCK TABLE ONLY deliveries IN ACCESS EXCLUSIVE MODE;
      IF has_pending(expired) THEN RETURN NULL; END IF;
    END IF;
    EXECUTE format('DROP TABLE %s', dropped);
    EXIT;
  END LOOP;
  IF kind = 'events' THEN DELETE FROM partitions WHERE name = period; END IF;
  RETURN kind;
END $function$;

CREATE OR REPLACE FUNCTION end_of_log()
 RETURNS bigint
 LANGUAGE sql
AS $function$
  SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM events_position_seq;
$function$;

CREATE OR REPLACE FUNCTION events_at(positions bigint[], times timestamp with time zone[])
 RETURNS SETOF events
 LANGUAGE plpgsql
 STABLE ROWS 100
AS $function$
DECLARE
  first_at TIMESTAMPTZ;
  last_at TIMESTAMPTZ;
BEGIN
  SELECT min(at), max(at) INTO first_at, last_at FROM unnest(times) AS at;
  RETURN QUERY
    SELECT events.* FROM unnest(positions, times) AS place (at_position, at)
    JOIN events ON events.position = at_position AND events.accepted_at = at
    WHERE events.accepted_at BETWEEN first_at AND last_at;
END $function$;

CREATE OR REPLACE FUNCTION first_in_line(webhook webhooks)
 RETURNS bigint
 LANGUAGE plpgsql
 STABLE
AS $function$
BEGIN
  RETURN least(
    (SELECT min(event_position) FROM expansions WHERE NOT fifo_done),
    (SELECT event_position FROM pending_deliveries
      WHERE webhook_id = webhook.id AND stage = 'admitted' AND priority = 0 AND event_position >= line_start(webhook.id)
        AND generation = webhook.generation AND NOT ended
      ORDER BY event_position LIMIT 1),
    (SELECT min(event_position) FROM pending_deliveries
      WHERE webhook_id = webhook.id AND stage = 'admitted' AND priority = 1 AND generation = webhook.generation AND NOT ended),
    (SELECT event_position FROM pending_deliveries
      WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'parked' AND priority = 0
        AND event_position >= line_start(webhook.id)
      ORDER BY event_position LIMIT 1),
    (SELECT event_position FROM pending_deliveries
      WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'parked' AND priority = 1
      ORDER BY event_position LIMIT 1),
    (SELECT event_position FROM pending_deliveries
      WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'backoff' AND priority = 0
        AND event_position >= line_start(webhook.id)
      ORDER BY event_position LIMIT 1),
    (SELECT event_position FROM pending_deliveries
      WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'backoff' AND priority = 1
      ORDER BY event_position LIMIT 1)
  );
END $function$;

CREATE OR REPLACE FUNCTION follow_webhook()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    DELETE FROM subscriptions
      WHERE webhook_id = OLD.id AND (TG_OP = 'DELETE' OR NOT is_deliverable(NEW) OR pattern <> ALL (NEW.event_types));
  END IF;
  IF TG_OP <> 'DELETE' AND is_deliverable(NEW) THEN
    INSERT INTO subscriptions (pattern, webhook_id) SELECT DISTINCT unnest(NEW.event_types), NEW.id ON CONFLICT DO NOTHING;
  END IF;
  IF TG_OP = 'DELETE' THEN DELETE FROM line_starts WHERE webhook_id = OLD.id; END IF;
  IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND OLD.enabled AND NOT NEW.enabled) THEN
    INSERT INTO cancellations (webhook_id, requested_at) VALUES (OLD.id, clock_timestamp())
      ON CONFLICT (webhook_id) DO UPDATE SET requested_at = excluded.requested_at;
  END IF;
  IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND NOT is_paused(NEW)) THEN
    DELETE FROM expiry_notices WHERE webhook_id = OLD.id;
  END IF;
  IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND NEW.unverified_since IS NULL) THEN
    DELETE FROM verifications WHERE webhook_id = OLD.id;
  ELSIF NEW.unverified_since IS NOT NULL AND (TG_OP = 'INSERT' OR NEW.unverified_since IS DISTINCT FROM OLD.unverified_since) THEN
    INSERT INTO verifications (webhook_id, next_at) VALUES (NEW.id, clock_timestamp())
      ON CONFLICT (webhook_id) DO UPDATE SET next_at = excluded.next_at, attempt_count = 0;
  ELSIF NEW.unverified_since IS NOT NULL AND NEW.enabled AND NOT OLD.enabled THEN
    UPDATE verifications SET next_at = clock_timestamp() WHERE webhook_id = NEW.id;
  END IF;
  IF TG_OP = 'DELETE' THEN DELETE FROM replays WHERE webhook_id = OLD.id; END IF;
  IF TG_OP = 'UPDATE' AND NEW.ordering <> OLD.ordering THEN
    -- A webhook that became fifo may be behind the cursor of those, and one that was fifo may have its delivery already.
    UPDATE expansions SET ordering_changed = true, fifo_done = fifo_done AND NEW.ordering <> 'fifo',
      fifo_cursor = CASE WHEN NEW.ordering = 'fifo' THEN '' ELSE fifo_cursor END;
  END IF;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION free_slots(webhook webhooks)
 RETURNS integer
 LANGUAGE plpgsql
 STABLE
AS $function$
DECLARE
  used INTEGER;
BEGIN
  IF NOT webhook.enabled OR is_paused(webhook) OR waits_for_probe(webhook, now()) THEN RETURN 0; END IF;
  IF (SELECT paused_at FROM delivery_pause WHERE "only") IS NOT NULL THEN RETURN 0; END IF;
  used := (
    SELECT count(*) FROM pending_deliveries
    WHERE webhook_id = webhook.id AND stage = 'admitted' AND priority = 0 AND event_position >= line_start(webhook.id)
  ) + (
    SELECT count(*) FROM pending_deliveries
    WHERE webhook_id = webhook.id AND stage = 'admitted' AND priority > 0 AND wake_at > now() - longest_lease()
  );
  RETURN greatest(0, slots_of(webhook) - used);
END $function$;

CREATE OR REPLACE FUNCTION has_parked(webhook webhooks)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
AS $function$
BEGIN
  RETURN EXISTS (
    SELECT FROM pending_deliveries WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'parked'
      AND priority = 0 AND event_position >= line_start(webhook.id)
  ) OR EXISTS (
    SELECT FROM pending_deliveries WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'parked'
      AND priority > 0
  );
END $function$;

CREATE OR REPLACE FUNCTION has_pending(period partitions)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
BEGIN
  RETURN EXISTS (
    SELECT FROM pending_deliveries
    WHERE delivery_id >= coalesce(delivery_id_floor(period.starts_at), '') AND delivery_id < delivery_id_floor(period.ends_at)
  ) OR EXISTS (
    SELECT FROM expansions WHERE accepted_at >= coalesce(period.starts_at, '-infinity') AND accepted_at < period.ends_at
  );
END $function$;

CREATE OR REPLACE FUNCTION is_deliverable(webhook webhooks)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((webhook).enabled OR ((webhook).disabled_reason IS NOT NULL));

CREATE OR REPLACE FUNCTION is_paused(webhook webhooks)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (((webhook).paused_at IS NOT NULL) OR ((webhook).owner_paused_at IS NOT NULL) OR ((webhook).unverified_since IS NOT NULL));

CREATE OR REPLACE FUNCTION learned_rate_at(webhook webhooks, at timestamp with time zone)
 RETURNS double precision
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN ((GREATEST((webhook).slowed_at, (webhook).throttled_until) >= (at - '01:00:00'::interval)) AND (GREATEST((webhook).slowed_at, (webhook).throttled_until) <= (at + '01:01:00'::interval))) THEN (webhook).learned_rate ELSE NULL::double precision END;

CREATE OR REPLACE FUNCTION line_start(of_webhook text)
 RETURNS bigint
 LANGUAGE plpgsql
 STABLE
AS $function$
BEGIN
  RETURN coalesce((SELECT position FROM line_starts WHERE webhook_id = of_webhook ORDER BY position DESC LIMIT 1), 0);
END $function$;

CREATE OR REPLACE FUNCTION lock_class()
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (('events'::regclass)::oid)::integer;

CREATE OR REPLACE FUNCTION lock_delivery(delivery_id text, of_owner text)
 RETURNS TABLE(delivery deliveries, pending pending_deliveries, webhook webhooks)
 LANGUAGE plpgsql
AS $function$
BEGIN
  -- Nothing of another owner is locked: to wait for it, or to give up, would tell that it exists (I7).
  IF NOT EXISTS (SELECT FROM deliveries WHERE id = lock_delivery.delivery_id AND owner = of_owner) THEN RETURN; END IF;
  PERFORM FROM pending_deliveries WHERE pending_deliveries.delivery_id = lock_delivery.delivery_id FOR UPDATE;
  PERFORM FROM deliveries WHERE id = lock_delivery.delivery_id AND owner = of_owner FOR UPDATE;
  RETURN QUERY
    SELECT deliveries, pending_deliveries, webhooks FROM deliveries
    LEFT JOIN pending_deliveries ON pending_deliveries.delivery_id = id
    LEFT JOIN webhooks ON webhooks.id = deliveries.webhook_id
    WHERE deliveries.id = lock_delivery.delivery_id AND deliveries.owner = of_owner;
END $function$;

CREATE OR REPLACE FUNCTION lock_log(event_ids text[])
 RETURNS TABLE(id text, type text, data text)
 LANGUAGE plpgsql
AS $function$
BEGIN
  -- `lock_class` says why there are two, and in this order.
  PERFORM pg_advisory_xact_lock(lock_class(), 1), pg_advisory_xact_lock_shared(4105112401);
  RETURN QUERY SELECT events.id, events.type, events.data::text FROM events WHERE events.id = ANY (event_ids);
END $function$;

CREATE OR REPLACE FUNCTION lock_owner(owner text)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(owner, lock_class())), pg_advisory_xact_lock_shared(hashtextextended(owner, 0));
END $function$;

CREATE OR REPLACE FUNCTION lock_webhooks(webhook_ids text[])
 RETURNS TABLE(webhook webhooks, locked_at timestamp with time zone, in_flight integer, next_position bigint, is_paused boolean)
 LANGUAGE plpgsql
AS $function$
DECLARE
  locked_ids TEXT[] := ARRAY(SELECT id FROM webhooks WHERE id = ANY (webhook_ids) FOR NO KEY UPDATE SKIP LOCKED);
  all_paused BOOLEAN;
BEGIN
  -- `set_delivery_pause` takes this lock exclusively: it waits for the claims that have not seen the pause (`lock_class`).
  PERFORM pg_advisory_xact_lock_shared(lock_class(), 3), pg_advisory_xact_lock_shared(4105112403);
  locked_at := clock_timestamp();
  all_paused := (SELECT delivery_pause.paused_at IS NOT NULL FROM delivery_pause WHERE "only");
  RETURN QUERY
    SELECT webhooks, lock_webhooks.locked_at,
      (SELECT count(*)::int FROM (
          SELECT * FROM pending_deliveries
          WHERE webhook_id = webhooks.id AND stage = 'admitted' AND priority = 0 AND event_position >= line_start(webhooks.id)
          UNION ALL
          -- A claim leaves a wake time later than itself, so a live lease has one of the last two minutes.
          SELECT * FROM pending_deliveries
          WHERE webhook_id = webhooks.id AND stage = 'admitted' AND priority > 0
            AND wake_at > lock_webhooks.locked_at - longest_lease()
        ) AS admitted
        WHERE lease_token IS NOT NULL AND leased_until > lock_webhooks.locked_at),
      CASE WHEN webhooks.ordering = 'fifo' THEN first_in_line(webhooks) END,
      all_paused OR is_paused(webhooks)
    FROM webhooks WHERE webhooks.id = ANY (locked_ids);
END $function$;

CREATE OR REPLACE FUNCTION longest_lease()
 RETURNS interval
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN '00:02:00'::interval;

CREATE OR REPLACE FUNCTION missing_delivery_id(webhook_id text, event_position bigint, at timestamp with time zone)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (SELECT ('dlv_'::text || (encode(set_byte(set_byte(id.bits, 6, ((get_byte(id.bits, 6) & 15) | 112)), 8, ((get_byte(id.bits, 8) & 63) | 128)), 'hex'::text))::uuid) FROM (SELECT OVERLAY(decode(md5(((missing_delivery_id.webhook_id || ' '::text) || missing_delivery_id.event_position)), 'hex'::text) PLACING SUBSTRING(int8send((floor((EXTRACT(epoch FROM missing_delivery_id.at) * (1000)::numeric)))::bigint) FROM 3) FROM 1 FOR 6) AS bits) id);

CREATE OR REPLACE FUNCTION new_delivery_id(at timestamp with time zone)
 RETURNS text
 LANGUAGE sql
 PARALLEL SAFE
RETURN ('dlv_'::text || (encode(set_bit(set_bit(OVERLAY(uuid_send(gen_random_uuid()) PLACING SUBSTRING(int8send((floor((EXTRACT(epoch FROM at) * (1000)::numeric)))::bigint) FROM 3) FROM 1 FOR 6), (52)::bigint, 1), (53)::bigint, 1), 'hex'::text))::uuid);

CREATE OR REPLACE FUNCTION next_in_line(webhook webhooks, at_most integer)
 RETURNS SETOF pending_deliveries
 LANGUAGE plpgsql
 ROWS 10
AS $function$
DECLARE
  last_position BIGINT := CASE WHEN webhook.ordering = 'fifo' THEN first_in_line(webhook) END;
BEGIN
  RETURN QUERY
    SELECT * FROM (
      SELECT * FROM (
        SELECT * FROM pending_deliveries
        WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'parked' AND priority = 0
          AND event_position >= line_start(webhook.id) AND (last_position IS NULL OR event_position <= last_position)
        ORDER BY event_position LIMIT at_most FOR UPDATE SKIP LOCKED
      ) AS first_attempts
      UNION ALL
      SELECT * FROM (
        SELECT * FROM pending_deliveries
        WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'parked' AND priority = 1
          AND (last_position IS NULL OR event_position <= last_position)
        ORDER BY event_position LIMIT at_most FOR UPDATE SKIP LOCKED
      ) AS retries
      UNION ALL
      SELECT * FROM (
        SELECT * FROM pending_deliveries
        WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'parked' AND priority = 2
        ORDER BY event_position LIMIT at_most FOR UPDATE SKIP LOCKED
      ) AS replays
    ) AS line
    ORDER BY
      CASE WHEN webhook.ordering = 'fifo' AND priority < 2 THEN 0
        ELSE greatest(0, priority - floor(greatest(0, extract(epoch FROM now() - next_attempt_at)) / 30)) END,
      event_position
    LIMIT at_most;
END $function$;

CREATE OR REPLACE FUNCTION next_line(after text)
 RETURNS TABLE(webhook_id text, generation integer)
 LANGUAGE plpgsql
 STABLE ROWS 1
AS $function$
DECLARE
  next_started TEXT;
  started webhooks;
BEGIN
  LOOP
    next_started := (SELECT line_starts.webhook_id FROM line_starts WHERE line_starts.webhook_id > after ORDER BY line_starts.webhook_id LIMIT 1);
    IF next_started IS NULL THEN
      RETURN QUERY SELECT parked.webhook_id, parked.generation FROM pending_deliveries AS parked
        WHERE stage = 'parked' AND parked.webhook_id > after ORDER BY parked.webhook_id, parked.generation LIMIT 1;
      RETURN;
    END IF;
    RETURN QUERY SELECT parked.webhook_id, parked.generation FROM pending_deliveries AS parked
      WHERE stage = 'parked' AND parked.webhook_id > after AND parked.webhook_id < next_started
      ORDER BY parked.webhook_id, parked.generation LIMIT 1;
    IF FOUND THEN RETURN; END IF;
    SELECT * INTO started FROM webhooks WHERE id = next_started;
    RETURN QUERY SELECT parked.webhook_id, parked.generation FROM pending_deliveries AS parked
      WHERE stage = 'parked' AND parked.webhook_id = next_started
        AND parked.generation < coalesce(started.generation, 2147483647)
      ORDER BY parked.generation LIMIT 1;
    IF FOUND THEN RETURN; END IF;
    IF has_parked(started) THEN
      RETURN QUERY SELECT next_started, started.generation;
      RETURN;
    END IF;
    after := next_started;
  END LOOP;
END $function$;

CREATE OR REPLACE FUNCTION open_hours(since integer)
 RETURNS SETOF integer
 LANGUAGE sql
 STABLE
AS $function$
  SELECT generate_series(
    greatest(since, (SELECT hour FROM counted_hours WHERE "only")), floor(extract(epoch FROM now()) / 3600)::int
  )
  WHERE (SELECT indisvalid FROM pg_index WHERE indexrelid = 'attempts_hour_webhook_id_idx'::regclass);
$function$;

CREATE OR REPLACE FUNCTION paused_by(webhook webhooks)
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN array_remove(ARRAY[CASE WHEN ((webhook).owner_paused_at IS NOT NULL) THEN 'owner'::text ELSE NULL::text END, CASE WHEN ((webhook).paused_at IS NOT NULL) THEN 'operator'::text ELSE NULL::text END, CASE WHEN ((webhook).unverified_since IS NOT NULL) THEN 'verification'::text ELSE NULL::text END], NULL::text);

CREATE OR REPLACE FUNCTION raised_rate(webhook webhooks, at timestamp with time zone, requests integer)
 RETURNS double precision
 LANGUAGE plpgsql
 IMMUTABLE
AS $function$
DECLARE
  rate FLOAT8 := learned_rate_at(webhook, at);
BEGIN
  IF webhook.throttled_until IS NOT NULL THEN RETURN rate; END IF;
  rate := rate + requests * CASE WHEN webhook.learned_from IS NULL OR rate > 2 * webhook.learned_from
    THEN 0.5::float8 * least(1::float8, rate)
    ELSE 0.02::float8 * webhook.learned_from * least(1::float8, 5::float8 / rate) END;
  RETURN CASE WHEN rate < coalesce(webhook.rate_limit, 10000) THEN rate END;
END $function$;

CREATE OR REPLACE FUNCTION rate_of(webhook webhooks, at timestamp with time zone)
 RETURNS double precision
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN LEAST(((webhook).rate_limit)::double precision, learned_rate_at(webhook, at));

CREATE OR REPLACE FUNCTION slots_of(webhook webhooks)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN (((webhook).circuit_opened_at IS NOT NULL) OR ((webhook).throttled_until IS NOT NULL) OR ((webhook).ordering = 'fifo'::webhook_ordering)) THEN 1 ELSE (webhook).max_in_flight END;

CREATE OR REPLACE FUNCTION slow_down(webhook webhooks, at timestamp with time zone, throttled_since integer, overloaded_since integer, answered_since integer, asked_ms double precision, jitter double precision)
 RETURNS webhooks
 LANGUAGE plpgsql
 IMMUTABLE
AS $function$
DECLARE
  is_throttled BOOLEAN := coalesce(throttled_since = webhook.slow_downs, false);
  is_overloaded BOOLEAN := NOT is_throttled AND coalesce(overloaded_since = webhook.slow_downs, false);
  is_held BOOLEAN := is_throttled OR (throttled_since IS NOT NULL AND asked_ms IS NOT NULL);
  is_answered BOOLEAN := coalesce(answered_since = webhook.slow_downs, false);
  rate FLOAT8 := learned_rate_at(webhook, at);
  longer FLOAT8 := 1::float8 + 0.1::float8 * jitter;
  hold_ms FLOAT8;
BEGIN
  IF is_throttled THEN
    IF webhook.throttled_until IS NULL THEN webhook.learned_from := rate; END IF;
    webhook.learned_rate := CASE WHEN rate IS NULL THEN least(1::float8, webhook.rate_limit / 2::float8)
      WHEN webhook.throttled_until IS NULL THEN greatest(1::float8 / 60, rate / 2) ELSE rate END;
    IF asked_ms IS NULL THEN webhook.backoff_count := webhook.backoff_count + 1; END IF;
  ELSIF is_overloaded THEN
    webhook.learned_from := rate;
    webhook.learned_rate := CASE WHEN rate IS NULL THEN least(webhook.max_in_flight::float8, webhook.rate_limit / 2::float8)
      ELSE greatest(least(1::float8, rate), rate / 2) END;
  END IF;
  IF is_throttled OR is_overloaded THEN webhook.slowed_at := at; END IF;

  IF is_held THEN
    hold_ms := least(3600000, greatest(longer * greatest(1000, asked_ms),
      CASE WHEN webhook.backoff_count > 0 THEN least(300000, longer * 1000 * 2 ^ (least(webhook.backoff_count, 20) - 1)) END));
    webhook.throttled_until := greatest(at + make_interval(secs => hold_ms / 1000),
      CASE WHEN webhook.throttled_until <= at + interval '61 min' THEN webhook.throttled_until END);
  ELSIF is_answered THEN
    -- What was learned counts for an hour after the hold.
    IF webhook.throttled_until IS NOT NULL THEN webhook.slowed_at := at; END IF;
    webhook.throttled_until := NULL;
    webhook.backoff_count := 0;
  END IF;
  IF is_held OR is_overloaded THEN webhook.slow_downs := webhook.slow_downs + 1; END IF;
  RETURN webhook;
END $function$;

CREATE OR REPLACE FUNCTION start_generation()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF TG_OP = 'UPDATE' THEN NEW.generation := OLD.generation + 1; END IF;
  IF TG_OP = 'INSERT' OR NEW.enabled THEN
    NEW.from_position := end_of_log();
  ELSE
    NEW.superseded_status := CASE WHEN NEW.disabled_reason IS NULL THEN 'cancelled' ELSE 'skipped' END;
  END IF;
  RETURN NEW;
END $function$;

CREATE OR REPLACE FUNCTION status_class(status_code integer)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN COALESCE(((status_code / 100) || 'xx'::text), 'none'::text);

CREATE OR REPLACE FUNCTION waits_for_probe(webhook webhooks, at timestamp with time zone)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (COALESCE((((webhook).circuit_probe_at > at) AND ((webhook).circuit_probe_at <= (at + '00:05:00'::interval))), false) OR COALESCE((((webhook).throttled_until > at) AND ((webhook).throttled_until <= (at + '01:01:00'::interval))), false));

-- Triggers

CREATE TRIGGER webhooks_audit_insert_delete AFTER INSERT OR DELETE ON webhooks FOR EACH ROW EXECUTE FUNCTION audit_webhook();
CREATE TRIGGER webhooks_audit_update AFTER UPDATE ON webhooks FOR EACH ROW WHEN ((((((((((((((((((old.url IS DISTINCT FROM new.url) OR (old.event_types IS DISTINCT FROM new.event_types)) OR (old.description IS DISTINCT FROM new.description)) OR (old.sealed_headers IS DISTINCT FROM new.sealed_headers)) OR (old.sealed_secret IS DISTINCT FROM new.sealed_secret)) OR (old.enabled IS DISTINCT FROM new.enabled)) OR (old.max_in_flight IS DISTINCT FROM new.max_in_flight)) OR (old.rate_limit IS DISTINCT FROM new.rate_limit)) OR (old.ordering IS DISTINCT FROM new.ordering)) OR (old.retry_max_attempts IS DISTINCT FROM new.retry_max_attempts)) OR (old.retry_initial_delay_ms IS DISTINCT FROM new.retry_initial_delay_ms)) OR (old.retry_max_delay_ms IS DISTINCT FROM new.retry_max_delay_ms)) OR (old.retry_schedule IS DISTINCT FROM new.retry_schedule)) OR (old.disabled_reason IS DISTINCT FROM new.disabled_reason)) OR (old.paused_at IS DISTINCT FROM new.paused_at)) OR (old.owner_paused_at IS DISTINCT FROM new.owner_paused_at)) OR (old.unverified_since IS DISTINCT FROM new.unverified_since))) EXECUTE FUNCTION audit_webhook();
CREATE TRIGGER webhooks_follow_insert_delete AFTER INSERT OR DELETE ON webhooks FOR EACH ROW EXECUTE FUNCTION follow_webhook();
CREATE TRIGGER webhooks_follow_update AFTER UPDATE ON webhooks FOR EACH ROW WHEN ((((((((old.enabled IS DISTINCT FROM new.enabled) OR (old.disabled_reason IS DISTINCT FROM new.disabled_reason)) OR (old.event_types IS DISTINCT FROM new.event_types)) OR (old.ordering IS DISTINCT FROM new.ordering)) OR (old.paused_at IS DISTINCT FROM new.paused_at)) OR (old.owner_paused_at IS DISTINCT FROM new.owner_paused_at)) OR (old.unverified_since IS DISTINCT FROM new.unverified_since))) EXECUTE FUNCTION follow_webhook();
CREATE TRIGGER webhooks_generation_insert BEFORE INSERT ON webhooks FOR EACH ROW EXECUTE FUNCTION start_generation();
CREATE TRIGGER webhooks_generation_update BEFORE UPDATE ON webhooks FOR EACH ROW WHEN ((old.enabled <> new.enabled)) EXECUTE FUNCTION start_generation();
