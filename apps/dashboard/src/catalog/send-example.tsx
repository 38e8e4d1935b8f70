import { Button, Group, Stack, Text, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { paths } from '@tidings/client';
import { useState } from 'react';
import { Link } from 'wouter';
import { answerTo, ApiProblem, explain, type EventType } from '../api/api.js';
import { useSession } from '../session/use-session.js';

type PublishBody = paths['/api/events']['post']['requestBody']['content']['application/json'];

/** Publishes the example, or what was made of it: for those who may publish. */
export function SendExample({ eventType }: { eventType: EventType }) {
  const { api, userId } = useSession();
  const [text, setText] = useState(() => JSON.stringify(exampleFor(eventType, userId), null, 2));
  const send = useMutation({
    mutationFn: () => {
      // The API checks it against the schema, and says what is wrong.
      const body = { type: eventType.type, data: JSON.parse(text) as unknown } as PublishBody;
      return answerTo(api.api.POST('/api/events', { body }));
    },
  });
  const accepted = send.data && 'id' in send.data ? send.data : undefined;
  return (
    <Stack gap="xs">
      <Textarea
        label={`Send ${eventType.type}`}
        description="A real event: webhooks and streams get it."
        autosize
        minRows={3}
        maxRows={14}
        spellCheck={false}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: '0.8rem' } }}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          send.reset();
        }}
        error={send.isError ? mistake(send.error) : undefined}
      />
      <Group>
        <Button
          loading={send.isPending}
          onClick={() => {
            send.mutate();
          }}
        >
          Send the event
        </Button>
        <Text size="sm" role="status" className="long">
          {accepted && (
            <>
              Accepted as {accepted.id}. <Link href="/stream">Watch the stream</Link> while you send the next one.
            </>
          )}
        </Text>
      </Group>
    </Stack>
  );
}

/** The example, about whoever sends it: then they see it themselves. */
function exampleFor({ example }: EventType, userId: string): Record<string, unknown> {
  return 'user_id' in example ? { ...example, user_id: userId } : example;
}

function mistake(error: unknown): string {
  if (error instanceof SyntaxError) return `This is not JSON: ${error.message}`;
  const fields = error instanceof ApiProblem ? Object.entries(error.fields) : [];
  return fields.length === 0 ? explain(error) : fields.map(([field, message]) => `${field}: ${message}`).join('\n');
}
