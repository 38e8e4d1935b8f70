import { Button, Group, Modal, NumberInput, Stack, Switch, Text } from '@mantine/core';
import { useState, type SyntheticEvent } from 'react';
import { ApiProblem, explain } from '../api/api.js';
import { useChangeUser, type User } from './queries.js';

/** What one user may, and whether they may anything. */
export function UserLimits({ user, onClose }: { user: User; onClose: () => void }) {
  const change = useChangeUser();
  const [disabled, setDisabled] = useState(user.disabled);
  const [webhooks, setWebhooks] = useState<number | null>(user.webhooks_limit);
  const [requests, setRequests] = useState<number | null>(user.requests_per_minute);
  const mistakes = change.error instanceof ApiProblem ? change.error.fields : {};
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const wanted = { disabled, webhooks_limit: webhooks, requests_per_minute: requests };
    change.mutate({ userId: user.owner, change: wanted }, { onSuccess: onClose });
  };
  return (
    <Modal opened onClose={onClose} title={`Change ${user.owner}`} centered closeButtonProps={{ 'aria-label': 'Close' }}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <Switch
            label="Disabled"
            description="Nothing is sent to their webhooks, and the API refuses them."
            checked={disabled}
            onChange={(event) => {
              setDisabled(event.currentTarget.checked);
            }}
          />
          <Limit label="Webhooks at most" value={webhooks} onChange={setWebhooks} error={mistakes['webhooks_limit']} />
          <Limit
            label="Requests a minute at most"
            value={requests}
            onChange={setRequests}
            error={mistakes['requests_per_minute']}
          />
          {change.isError && (
            <Text c="var(--mantine-color-error)" size="sm" role="alert">
              {explain(change.error)}
            </Text>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={change.isPending}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

interface LimitProps {
  label: string;
  value: number | null;
  onChange: (value: number | null) => void;
  error: string | undefined;
}

function Limit({ label, value, onChange, error }: LimitProps) {
  return (
    <NumberInput
      label={label}
      description="Empty: the setting of this Tidings."
      min={0}
      allowDecimal={false}
      hideControls
      value={value ?? ''}
      onChange={(next) => {
        onChange(next === '' ? null : Number(next));
      }}
      error={error}
    />
  );
}
