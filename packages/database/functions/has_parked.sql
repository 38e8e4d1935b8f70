-- Returns whether a webhook has parked deliveries, that is, a line. A function, so that the planner cannot turn many look-ups
-- into one scan of everybody's lines, as it did while its statistics said that there are few.
CREATE OR REPLACE FUNCTION has_parked(id_of_webhook TEXT)
RETURNS BOOLEAN LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM pending_deliveries WHERE webhook_id = id_of_webhook AND stage = 'parked');
END $$;
