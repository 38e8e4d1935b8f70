import { Route, Switch } from 'wouter';
import { DeliveryShown } from '../deliveries/delivery-page.js';
import { useDelivery } from '../deliveries/queries.js';
import { NoSuchPage } from '../frame/no-such-page.js';
import { AuditPage } from './audit-page.js';
import { OverviewPage } from './overview-page.js';
import { OwnedWebhookPage } from './owned-webhook-page.js';
import { UsersPage } from './users-page.js';
import { WebhooksPage } from './webhooks-page.js';

/** The operator's part, loaded by itself. */
export default function OperatorPages() {
  return (
    <Switch>
      <Route path="/operator">
        <OverviewPage />
      </Route>
      <Route path="/operator/webhooks">
        <WebhooksPage />
      </Route>
      <Route path="/operator/webhooks/:id">{({ id }) => <OwnedWebhookPage key={id} id={id} />}</Route>
      <Route path="/operator/deliveries/:id">{({ id }) => <AnyDelivery key={id} id={id} />}</Route>
      <Route path="/operator/users">
        <UsersPage />
      </Route>
      <Route path="/operator/audit">
        <AuditPage />
      </Route>
      <Route>
        <NoSuchPage />
      </Route>
    </Switch>
  );
}

function AnyDelivery({ id }: { id: string }) {
  return <DeliveryShown delivery={useDelivery(id, true)} below="/operator" />;
}
