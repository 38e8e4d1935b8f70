import { Fieldset, MultiSelect, NumberInput, Radio, SimpleGrid, Stack, Text, Textarea, TextInput } from '@mantine/core';
import type { EventType } from '../api/api.js';
import { checkUrl } from './check-url.js';
import { mistakesOf, type Draft } from './draft.js';
import { HeadersField } from './headers-field.js';

interface FieldsProps {
  draft: Draft;
  onChange: (changed: Partial<Draft>) => void;
  /** What the API said of what was sent last, by the names of its fields. */
  mistakes: Readonly<Record<string, string>>;
  catalog: readonly EventType[];
  /** The names of the headers that are set, whose values nobody sees again; undefined for a new webhook. */
  headersNow?: readonly string[];
  /** Whether the headers are to be replaced by those of the form. */
  replaceHeaders: boolean;
  onReplaceHeaders?: (replace: boolean) => void;
}

/** Everything that may be said of a webhook. */
export function Fields({ draft, onChange, mistakes, catalog, headersNow, replaceHeaders, onReplaceHeaders }: FieldsProps) {
  const wrong = (name: string) => mistakesOf(mistakes, name);
  // While it is typed only what is wrong is said, not that there is nothing yet.
  const urlMistake = draft.url === '' ? null : checkUrl(draft.url);
  const retry = (changed: Partial<Draft['retry']>): void => {
    onChange({ retry: { ...draft.retry, ...changed } });
  };
  return (
    <Stack>
      <TextInput
        label="URL"
        description="Where the events are sent, as signed POST requests. It must be reachable from the internet."
        placeholder="https://example.com/hook"
        type="url"
        inputMode="url"
        required
        value={draft.url}
        onChange={(event) => {
          onChange({ url: event.currentTarget.value.trim() });
        }}
        error={urlMistake ?? wrong('url')}
      />
      <MultiSelect
        label="Event types"
        description="What is sent. None chosen: everything, also the types that are added later."
        placeholder={draft.eventTypes.length === 0 ? 'Every type' : ''}
        data={patternsOf(catalog)}
        value={draft.eventTypes}
        onChange={(eventTypes) => {
          onChange({ eventTypes });
        }}
        error={wrong('event_types')}
        searchable
        clearable
        hidePickedOptions
        clearButtonProps={{ 'aria-label': 'Choose no type' }}
      />
      <Textarea
        label="Description"
        description="For yourself: what it is for, who looks after it."
        maxLength={500}
        autosize
        minRows={1}
        value={draft.description}
        onChange={(event) => {
          onChange({ description: event.currentTarget.value });
        }}
        error={wrong('description')}
      />
      <HeadersField
        lines={draft.headers}
        onChange={(headers) => {
          onChange({ headers });
        }}
        error={wrong('headers')}
        now={headersNow}
        replace={replaceHeaders}
        onReplace={onReplaceHeaders}
      />
      <Radio.Group
        label="Order"
        value={draft.ordering}
        onChange={(ordering) => {
          onChange({ ordering: ordering === 'fifo' ? 'fifo' : 'unordered' });
        }}
        error={wrong('ordering')}
      >
        <Stack gap={6} mt={6}>
          <Radio value="unordered" label="As fast as possible: many at once, in no particular order" />
          <Radio value="fifo" label="One at a time, in the order of the events: one that fails holds up those behind it" />
        </Stack>
      </Radio.Group>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <Amount
          label="Requests a second"
          description="Empty: no limit."
          value={draft.rateLimit}
          onChange={(rateLimit) => {
            onChange({ rateLimit });
          }}
          error={wrong('rate_limit')}
        />
        <Amount
          label="Requests at once"
          description="Empty: the default, 10."
          value={draft.maxInFlight}
          onChange={(maxInFlight) => {
            onChange({ maxInFlight });
          }}
          error={wrong('max_in_flight')}
        />
      </SimpleGrid>
      <Fieldset legend="Retries">
        <Text size="sm" c="dimmed" mb="xs">
          Where a field is empty, the policy of this Tidings holds.
        </Text>
        <SimpleGrid cols={{ base: 1, xs: 3 }}>
          <Amount
            label="Attempts"
            value={draft.retry.maxAttempts}
            onChange={(maxAttempts) => {
              retry({ maxAttempts });
            }}
            error={wrong('retry.max_attempts')}
          />
          <Amount
            label="First wait, seconds"
            value={draft.retry.initialDelayS}
            decimals
            onChange={(initialDelayS) => {
              retry({ initialDelayS });
            }}
            error={wrong('retry.initial_delay_ms')}
          />
          <Amount
            label="Longest wait, seconds"
            value={draft.retry.maxDelayS}
            decimals
            onChange={(maxDelayS) => {
              retry({ maxDelayS });
            }}
            error={wrong('retry.max_delay_ms')}
          />
        </SimpleGrid>
      </Fieldset>
    </Stack>
  );
}

interface AmountProps {
  label: string;
  description?: string;
  value: number | null;
  onChange: (value: number | null) => void;
  error: string | undefined;
  decimals?: boolean;
}

function Amount({ value, onChange, decimals = false, error, ...texts }: AmountProps) {
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

/** Each area, such as `sync.*`, followed by its types. */
export function patternsOf(catalog: readonly EventType[]): string[] {
  const areas = new Map<string, string[]>();
  for (const { type } of catalog) {
    const area = `${type.split('.')[0] ?? type}.*`;
    areas.set(area, [...(areas.get(area) ?? []), type]);
  }
  return [...areas].flatMap(([area, types]) => [area, ...types]);
}
