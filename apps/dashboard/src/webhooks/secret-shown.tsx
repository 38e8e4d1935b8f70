import { Alert, Code, Group, List, Paper, Stack, Text } from '@mantine/core';
import { Copy, Json } from '../shown/json.js';

/** What a receiver does with the secret, in Node; other languages are in the documentation. */
const verification = (secret: string): string => `import { Webhook } from 'standardwebhooks'; // npm install standardwebhooks

const webhook = new Webhook(process.env.WEBHOOK_SECRET); // ${secret.slice(0, 10)}…

// In the handler of your route, with the body as it came, before it is parsed:
const event = webhook.verify(body, request.headers); // throws when it is forged
console.log(event.type, event.data);`;

/** A secret, the only time that it is shown, and how to verify with it. */
export function SecretShown({ secret, url }: { secret: string; url: string }) {
  return (
    <Stack>
      <Alert color="orange" title="Keep this secret now">
        It is shown this once. If it is lost, rotate it: you get a new one.
      </Alert>
      <Paper withBorder p="md">
        <Stack gap="xs">
          <Group justify="space-between">
            <Text fw={600} id="secret-label">
              Secret
            </Text>
            <Copy value={secret} label="Copy the secret" />
          </Group>
          <Code block className="long" aria-labelledby="secret-label" tabIndex={0} role="region">
            {secret}
          </Code>
        </Stack>
      </Paper>
      <Paper withBorder p="md">
        <Stack gap="xs">
          <Text fw={600}>Verify what comes to {url}</Text>
          <List size="sm">
            <List.Item>
              Each request has the headers <Code>webhook-id</Code>, <Code>webhook-timestamp</Code> and{' '}
              <Code>webhook-signature</Code>, by the Standard Webhooks scheme.
            </List.Item>
            <List.Item>Answer with a 2xx as soon as you have stored it; do the work afterwards.</List.Item>
            <List.Item>
              The same <Code>webhook-id</Code> may come twice: keep those that you have handled.
            </List.Item>
          </List>
          <Json value={verification(secret)} label="How to verify, in Node" />
        </Stack>
      </Paper>
    </Stack>
  );
}
