import { Text } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { Route, Switch } from 'wouter';
import { CatalogPage } from '../catalog/catalog-page.js';
import { DeliveryPage } from '../deliveries/delivery-page.js';
import { useSession } from '../session/use-session.js';
import { Loading } from '../shown/waiting.js';
import { StreamPage } from '../stream/stream-page.js';
import { ListPage } from '../webhooks/list-page.js';
import { RegisterPage } from '../webhooks/register-page.js';
import { WebhookPage } from '../webhooks/webhook-page.js';
import { NoSuchPage } from './no-such-page.js';
import { Page } from './page.js';

// The charts are the larger part of the whole: owners of webhooks never load them.
const OperatorPages = lazy(() => import('../operator/pages.js'));

/** Which page an address means. */
export function Pages() {
  const { scopes } = useSession();
  return (
    <Switch>
      <Route path="/">
        <ListPage />
      </Route>
      <Route path="/webhooks/new">
        <RegisterPage />
      </Route>
      <Route path="/webhooks/:id/:tab?">{({ id, tab }) => <WebhookPage key={id} id={id} tab={tab} />}</Route>
      <Route path="/deliveries/:id">{({ id }) => <DeliveryPage key={id} id={id} />}</Route>
      <Route path="/stream">
        <StreamPage />
      </Route>
      <Route path="/event-types">
        <CatalogPage />
      </Route>
      {scopes.has('admin') && (
        <Route path="/operator/*?">
          <Suspense fallback={<Loading what="the operator's pages" />}>
            <OperatorPages />
          </Suspense>
        </Route>
      )}
      <Route path="/operator/*?">
        <Page title="Not for this token">
          <Text>The operator&rsquo;s pages need a token with the scope &ldquo;admin&rdquo;.</Text>
        </Page>
      </Route>
      <Route>
        <NoSuchPage />
      </Route>
    </Switch>
  );
}
