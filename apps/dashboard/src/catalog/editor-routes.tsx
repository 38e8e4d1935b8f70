import { Text } from '@mantine/core';
import { Route, Switch, useSearchParams } from 'wouter';
import { QueryResult } from '../components/query-result.js';
import { NotFoundPage } from '../layout/not-found-page.js';
import { Page } from '../layout/page.js';
import { CATALOG, eventTypePath, versionOf } from './paths.js';
import { useEditedType } from './queries.js';
import { draftOf, NEW_TYPE } from './type-draft.js';
import { TypeEditor } from './type-editor.js';

/** Maps the addresses of the pages that write event types. Loaded on demand: most users only read. */
export default function EditorRoutes() {
  return (
    <Switch>
      <Route path="/event-types/new">
        <Page title="New event type" parent={CATALOG}>
          <TypeEditor initial={NEW_TYPE} version={undefined} nextVersion={2} />
        </Page>
      </Route>
      <Route path="/event-types/:type/edit">{({ type }) => <EditPage key={type} type={type} isNew={false} />}</Route>
      <Route path="/event-types/:type/new-version">{({ type }) => <EditPage key={type} type={type} isNew />}</Route>
      <Route>
        <NotFoundPage />
      </Route>
    </Switch>
  );
}

/** Changes a version, or writes the next one, which begins as a copy of it. */
function EditPage({ type, isNew }: { type: string; isNew: boolean }) {
  const [params] = useSearchParams();
  const version = versionOf(params);
  const edited = useEditedType(type, version);
  const parent = { to: eventTypePath(type, version), label: type };
  return (
    <Page title={isNew ? `New version of ${type}` : `Edit ${type}`} parent={parent}>
      <QueryResult name="event type" query={edited}>
        {({ eventType, nextVersion }) => (
          <>
            {isNew && (
              <Text size="sm" c="dimmed">
                Version {nextVersion} begins as a copy of version {eventType.version}. Services that name no version publish
                version {eventType.default_version} until you make another one the default.
              </Text>
            )}
            <TypeEditor
              initial={draftOf(eventType)}
              version={isNew ? nextVersion : eventType.version}
              nextVersion={nextVersion}
            />
          </>
        )}
      </QueryResult>
    </Page>
  );
}
