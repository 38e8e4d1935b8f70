import { Alert, Code, Group, List, Paper, Stack, Text } from '@mantine/core';
import { CopyTextButton } from '../components/copy-text-button.js';
import { JsonBlock } from '../components/json-block.js';

/** Example code for a receiver in Node.js. The documentation has examples in other languages. */
const verificationExample = (
  secret: string,
): string => `import { Webhook } from 'standardwebhooks'; // npm install standardwebhooks

const webhook = new Webhook(process.env.WEBHOOK_SECRET); // ${secret.slice(0, 10)}…

// In the handler of your route, with the raw body, before parsing:
const event = webhook.verify(body, request.headers); // throws if the signature is invalid
console.log(event.type, event.data);`;

/** A new secret, which is shown only once, and instructions for verifying requests. */
export function NewSecret({ secret, url }: { secret: string; url: string }) {
  return (
    <Stack>
      <Alert color="orange" title="Save this secret now">
        Tidings shows the secret only once. If you lose it, rotate it to get a new one.
      </Alert>
      <Paper withBorder p="md">
        <Stack gap="xs">
          <Group justify="space-between">
            <Text fw={600} id="secret-label">
              Secret
            </Text>
            <CopyTextButton text={secret} label="Copy secret" />
          </Group>
          <Code block className="break-anywhere" aria-labelledby="secret-label" tabIndex={0} role="region">
            {secret}
          </Code>
        </Stack>
      </Paper>
      <Paper withBorder p="md">
        <Stack gap="xs">
          <Text fw={600}>Verify the requests to {url}</Text>
          <List size="sm">
            <List.Item>
              Each request has the headers <Code>webhook-id</Code>, <Code>webhook-timestamp</Code> and{' '}
              <Code>webhook-signature</Code>, as defined by Standard Webhooks.
            </List.Item>
            <List.Item>Respond with a 2xx status as soon as you have stored the event. Process it afterwards.</List.Item>
            <List.Item>
              The same event may arrive twice. Store the <Code>webhook-id</Code> of processed events to detect duplicates.
            </List.Item>
          </List>
          <JsonBlock value={verificationExample(secret)} label="Example: verification in Node.js" />
        </Stack>
      </Paper>
    </Stack>
  );
}
