import { Route, Switch } from 'wouter';
import { DeliveryDetails } from '../deliveries/delivery-details.js';
import { useDelivery } from '../deliveries/queries.js';
import { NotFoundPage } from '../layout/not-found-page.js';
import { AuditPage } from './audit-page.js';
import { OverviewPage } from './overview-page.js';
import { OwnersPage } from './owners-page.js';
import { OperatorWebhookListPage } from './webhook-list-page.js';
import { OperatorWebhookPage } from './webhook-page.js';

/** Maps addresses below `/operator` to pages. Loaded on demand. */
export default function OperatorRoutes() {
  return (
    <Switch>
      <Route path="/operator">
        <OverviewPage />
      </Route>
      <Route path="/operator/webhooks">
        <OperatorWebhookListPage />
      </Route>
      <Route path="/operator/webhooks/:id">{({ id }) => <OperatorWebhookPage key={id} id={id} />}</Route>
      <Route path="/operator/deliveries/:id">{({ id }) => <OperatorDelivery key={id} id={id} />}</Route>
      <Route path="/operator/owners">
        <OwnersPage />
      </Route>
      <Route path="/operator/audit">
        <AuditPage />
      </Route>
      <Route>
        <NotFoundPage />
      </Route>
    </Switch>
  );
}

function OperatorDelivery({ id }: { id: string }) {
  return <DeliveryDetails delivery={useDelivery(id, true)} asOperator />;
}
