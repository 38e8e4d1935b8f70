import { Text } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { Route, Switch } from 'wouter';
import { CatalogPage } from './catalog/catalog-page.js';
import { TypePage } from './catalog/type-page.js';
import { Loading } from './components/loading.js';
import { DeliveryPage } from './deliveries/delivery-page.js';
import { NotFoundPage } from './layout/not-found-page.js';
import { Page } from './layout/page.js';
import { mayWriteEventTypes } from './session/may-write-event-types.js';
import { useSession } from './session/use-session.js';
import { StreamPage } from './stream/stream-page.js';
import { RegisterPage } from './webhooks/register-page.js';
import { WebhookListPage } from './webhooks/webhook-list-page.js';
import { WebhookPage } from './webhooks/webhook-page.js';

// Loaded on demand: the charts are large, and owners of webhooks do not need them.
const OperatorRoutes = lazy(() => import('./operator/operator-routes.js'));
const EditorRoutes = lazy(() => import('./catalog/editor-routes.js'));
/** The addresses of pages that write event types. A type's name has a dot, so that none is `new`. */
const EDITOR_PATHS = ['/event-types/new', '/event-types/:type/edit', '/event-types/:type/new-version'];

/** Maps addresses to pages. */
export function Routes() {
  const { scopes } = useSession();
  return (
    <Switch>
      <Route path="/">
        <WebhookListPage />
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
      {EDITOR_PATHS.map((path) => (
        <Route key={path} path={path}>
          {mayWriteEventTypes(scopes) ? (
            <Suspense fallback={<Loading name="the editor" />}>
              <EditorRoutes />
            </Suspense>
          ) : (
            <Page title="No access">
              <Text>
                To write event types, your token needs the scope &ldquo;event-types:write&rdquo; or &ldquo;admin&rdquo;.
              </Text>
            </Page>
          )}
        </Route>
      ))}
      <Route path="/event-types/:type">{({ type }) => <TypePage key={type} type={type} />}</Route>
      {scopes.has('admin') && (
        <Route path="/operator/*?">
          <Suspense fallback={<Loading name="the operator pages" />}>
            <OperatorRoutes />
          </Suspense>
        </Route>
      )}
      <Route path="/operator/*?">
        <Page title="No access">
          <Text>The operator pages require a token with the scope &ldquo;admin&rdquo;.</Text>
        </Page>
      </Route>
      <Route>
        <NotFoundPage />
      </Route>
    </Switch>
  );
}
