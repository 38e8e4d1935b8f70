import {
  Fieldset,
  MultiSelect,
  NativeSelect,
  NumberInput,
  Radio,
  SimpleGrid,
  Stack,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core';
import { useTypePatterns } from '../catalog/use-type-patterns.js';
import { checkUrl } from './check-url.js';
import { HeadersField } from './headers-field.js';
import { fieldError, type WebhookDraft } from './webhook-draft.js';

interface WebhookFieldsProps {
  draft: WebhookDraft;
  onChange: (changed: Partial<WebhookDraft>) => void;
  /** The errors of the last request, by the field names of the API. */
  errors: Readonly<Record<string, string>>;
  /** The names of the stored headers; undefined for a new webhook. */
  storedHeaders?: readonly string[];
  /** Whether the headers of the form replace the stored headers. */
  replaceHeaders: boolean;
  onReplaceHeaders?: (replace: boolean) => void;
}

/** The form fields of a webhook. */
export function WebhookFields({ draft, onChange, errors, storedHeaders, replaceHeaders, onReplaceHeaders }: WebhookFieldsProps) {
  const errorOf = (name: string) => fieldError(errors, name);
  const patterns = useTypePatterns(draft.eventTypes, { withVersions: true });
  // An empty URL is no error while the user has not submitted the form.
  const urlError = draft.url === '' ? null : checkUrl(draft.url);
  const changeRetry = (changed: Partial<WebhookDraft['retry']>): void => {
    onChange({ retry: { ...draft.retry, ...changed } });
  };
  return (
    <Stack>
      <TextInput
        label="URL"
        description="Tidings sends events to this URL as signed POST requests. The URL must be reachable from the internet."
        placeholder="https://example.com/hook"
        type="url"
        inputMode="url"
        required
        value={draft.url}
        onChange={(event) => {
          onChange({ url: event.currentTarget.value.trim() });
        }}
        error={urlError ?? errorOf('url')}
      />
      <MultiSelect
        label="Event types"
        description="The events to send. An empty selection means all event types, including future ones."
        placeholder={draft.eventTypes.length === 0 ? 'All event types' : ''}
        {...patterns}
        value={draft.eventTypes}
        onChange={(eventTypes) => {
          onChange({ eventTypes });
        }}
        error={errorOf('event_types')}
        clearable
        hidePickedOptions
        clearButtonProps={{ 'aria-label': 'Clear the event types' }}
      />
      <Textarea
        label="Description"
        description="A note for you, such as the purpose or the person responsible."
        maxLength={500}
        autosize
        minRows={1}
        value={draft.description}
        onChange={(event) => {
          onChange({ description: event.currentTarget.value });
        }}
        error={errorOf('description')}
      />
      <HeadersField
        lines={draft.headers}
        onChange={(headers) => {
          onChange({ headers });
        }}
        error={errorOf('headers')}
        storedNames={storedHeaders}
        replace={replaceHeaders}
        onReplace={onReplaceHeaders}
      />
      <Radio.Group
        label="Order"
        value={draft.ordering}
        onChange={(ordering) => {
          onChange({ ordering: ordering === 'fifo' ? 'fifo' : 'unordered' });
        }}
        error={errorOf('ordering')}
      >
        <Stack gap={6} mt={6}>
          <Radio value="unordered" label="Unordered: requests are sent in parallel, as fast as possible" />
          <Radio
            value="fifo"
            label="First in, first out: one request at a time, in the order of the events. A delivery that is being retried blocks the following ones."
          />
        </Stack>
      </Radio.Group>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <OptionalNumber
          label="Requests per second"
          description="Empty: no limit."
          value={draft.rateLimit}
          onChange={(rateLimit) => {
            onChange({ rateLimit });
          }}
          error={errorOf('rate_limit')}
        />
        <OptionalNumber
          label="Parallel requests"
          description="Empty: the default, 10."
          value={draft.maxInFlight}
          onChange={(maxInFlight) => {
            onChange({ maxInFlight });
          }}
          error={errorOf('max_in_flight')}
        />
      </SimpleGrid>
      <Fieldset legend="Retries">
        <NativeSelect
          label="Schedule"
          description="A schedule fixes the attempts and the waits between them."
          mb="xs"
          value={draft.retry.schedule ?? ''}
          data={[
            { value: '', label: 'None: the values below' },
            { value: 'standard-webhooks', label: 'Standard Webhooks: 10 attempts in three to four days' },
          ]}
          onChange={(event) => {
            changeRetry({ schedule: event.currentTarget.value === 'standard-webhooks' ? 'standard-webhooks' : null });
          }}
          error={errorOf('retry.schedule')}
        />
        <Text size="sm" c="dimmed" mb="xs">
          An empty field uses the default of the server.
        </Text>
        <SimpleGrid cols={{ base: 1, xs: 3 }} style={draft.retry.schedule === null ? undefined : { display: 'none' }}>
          <OptionalNumber
            label="Attempts"
            value={draft.retry.maxAttempts}
            onChange={(maxAttempts) => {
              changeRetry({ maxAttempts });
            }}
            error={errorOf('retry.max_attempts')}
          />
          <OptionalNumber
            label="First delay, seconds"
            value={draft.retry.initialDelayS}
            decimals
            onChange={(initialDelayS) => {
              changeRetry({ initialDelayS });
            }}
            error={errorOf('retry.initial_delay_ms')}
          />
          <OptionalNumber
            label="Longest delay, seconds"
            value={draft.retry.maxDelayS}
            decimals
            onChange={(maxDelayS) => {
              changeRetry({ maxDelayS });
            }}
            error={errorOf('retry.max_delay_ms')}
          />
        </SimpleGrid>
      </Fieldset>
    </Stack>
  );
}

interface OptionalNumberProps {
  label: string;
  description?: string;
  value: number | null;
  onChange: (value: number | null) => void;
  error: string | undefined;
  decimals?: boolean;
}

function OptionalNumber({ value, onChange, decimals = false, error, ...texts }: OptionalNumberProps) {
  return (
    <NumberInput
      {...texts}
      value={value ?? ''}
      onChange={(next) => {
        onChange(next === '' ? null : Number(next));
      }}
      min={0}
      allowNegative={false}
      allowDecimal={decimals}
      hideControls
      error={error}
    />
  );
}
