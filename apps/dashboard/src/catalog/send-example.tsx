import { Button, Group, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { paths } from '@tidings/client';
import { useState } from 'react';
import { Link } from 'wouter';
import { unwrap, ApiProblem, explainError } from '../api/api.js';
import { JsonField } from '../components/json-field.js';
import { useSession } from '../session/use-session.js';
import { explainSyntax } from './explain-syntax.js';
import type { EventType } from './event-types-api.js';

type PublishBody = paths['/api/events']['post']['requestBody']['content']['application/json'];

/** A form that publishes the first example after editing. Publishing requires the scope `events:publish`. */
export function SendExample({ eventType }: { eventType: EventType }) {
  const { api, subject } = useSession();
  const [text, setText] = useState(() => JSON.stringify(exampleFor(eventType, subject), null, 2));
  const publish = useMutation({
    mutationFn: () => {
      // The API validates the data against the JSON Schema and returns an error for each field.
      const body = { type: eventType.type, data: JSON.parse(text) as unknown } as PublishBody;
      // As it was typed: JavaScript would round the digits of numbers and drop names that are there twice.
      const bodySerializer = () =>
        `{"type":${JSON.stringify(eventType.type)},"version":${String(eventType.version)},"data":${text}}`;
      return unwrap(api.api.POST('/api/events', { body, bodySerializer }));
    },
  });
  const accepted = publish.data && 'id' in publish.data ? publish.data : undefined;
  return (
    <Stack gap="xs">
      <JsonField
        label={`Data of ${eventType.type}`}
        description="This publishes a real event to webhooks and live streams."
        value={text}
        onChange={(value) => {
          setText(value);
          publish.reset();
        }}
        error={publish.isError ? explainPublishError(publish.error, text) : undefined}
      />
      <Group>
        <Button
          loading={publish.isPending}
          onClick={() => {
            publish.mutate();
          }}
        >
          Publish event
        </Button>
        <Text size="sm" role="status" className="break-anywhere">
          {accepted && (
            <>
              Accepted as {accepted.id}. Open the <Link href="/stream">live stream</Link> to see the next one arrive.
            </>
          )}
        </Text>
      </Group>
    </Stack>
  );
}

/** Returns the example with the signed-in user as its owner, so that the user receives the event. */
function exampleFor({ examples, owner_field: ownerField }: EventType, subject: string): Record<string, unknown> {
  const example = examples[0] ?? {};
  return ownerField === null ? example : { ...example, [ownerField]: subject };
}

function explainPublishError(error: unknown, text: string): string {
  if (error instanceof SyntaxError) return `This is not valid JSON. ${explainSyntax(text)}`;
  const fields = error instanceof ApiProblem ? Object.entries(error.fieldErrors) : [];
  return fields.length === 0 ? explainError(error) : fields.map(([field, message]) => `${field}: ${message}`).join('\n');
}
