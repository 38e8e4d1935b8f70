import { Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { JsonBlock } from '../components/json-block.js';
import { previewRequest } from './preview-request.js';

interface RequestPreviewProps {
  type: string;
  version: number;
  /** The first example as JSON text; undefined: none. */
  example: string | undefined;
}

/** The request that webhooks get for the first example. */
export function RequestPreview({ type, version, example }: RequestPreviewProps) {
  const [now] = useState(() => new Date());
  const request = example === undefined ? null : previewRequest({ type, version, example, now });
  return (
    <Stack gap="xs">
      <Title order={2}>Request to webhooks</Title>
      {request === null ? (
        <Text size="sm">
          {example === undefined
            ? 'Add an example to see the request.'
            : 'The first example is not valid JSON. Correct it to see the request.'}
        </Text>
      ) : (
        <>
          <JsonBlock value={request.headers} label="Headers of the request" />
          <JsonBlock value={request.body} label="Body of the request" />
          <Text size="sm" c="dimmed">
            Tidings sends the body in one line, and sets the id, the times and the signature for each event.
          </Text>
        </>
      )}
    </Stack>
  );
}
