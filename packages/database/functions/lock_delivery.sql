-- Locks a delivery of an owner and what is pending of it, in the order in which every statement locks them, and returns its state
-- as it is then. Must be VOLATILE: such a function reads rows that were committed while it waited.
CREATE OR REPLACE FUNCTION lock_delivery(delivery_id TEXT, of_owner TEXT)
RETURNS TABLE (delivery deliveries, pending pending_deliveries, webhook webhooks) LANGUAGE plpgsql VOLATILE AS $$
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
END $$;
