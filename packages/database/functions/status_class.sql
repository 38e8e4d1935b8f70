-- Returns the class of a response's status, such as '2xx'; 'none' without a response.
CREATE OR REPLACE FUNCTION status_class(status_code INTEGER)
RETURNS TEXT LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(status_code / 100 || 'xx', 'none');
