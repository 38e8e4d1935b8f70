import { Button, Group, Modal, NumberInput, Stack, Switch, Text } from '@mantine/core';
import { useState, type SyntheticEvent } from 'react';
import { ApiProblem, explainError } from '../api/api.js';
import { useChangeOwner, type Owner } from './queries.js';

/** A dialog to disable an owner or to change the owner's limits. */
export function OwnerLimitsDialog({ owner, onClose }: { owner: Owner; onClose: () => void }) {
  const change = useChangeOwner();
  const [disabled, setDisabled] = useState(owner.disabled);
  const [webhooks, setWebhooks] = useState<number | null>(owner.webhooks_limit);
  const [requests, setRequests] = useState<number | null>(owner.requests_per_minute);
  const errors = change.error instanceof ApiProblem ? change.error.fieldErrors : {};
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const settings = { disabled, webhooks_limit: webhooks, requests_per_minute: requests };
    change.mutate({ owner: owner.owner, change: settings }, { onSuccess: onClose });
  };
  return (
    <Modal opened onClose={onClose} title={`Edit ${owner.owner}`} centered closeButtonProps={{ 'aria-label': 'Close' }}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <Switch
            label="Disabled"
            description="Tidings disables the owner's webhooks, cancels their pending deliveries and rejects the owner's API requests."
            checked={disabled}
            onChange={(event) => {
              setDisabled(event.currentTarget.checked);
            }}
          />
          <Limit label="Maximum webhooks" value={webhooks} onChange={setWebhooks} error={errors['webhooks_limit']} />
          <Limit
            label="Maximum requests per minute"
            value={requests}
            onChange={setRequests}
            error={errors['requests_per_minute']}
          />
          {change.isError && (
            <Text c="var(--mantine-color-error)" size="sm" role="alert">
              {explainError(change.error)}
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
      description="Empty: the default of the server."
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
