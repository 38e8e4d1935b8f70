import { Button, CloseButton, Fieldset, Group, Stack, Text } from '@mantine/core';
import { JsonField } from '../components/json-field.js';
import type { ExampleDraft } from './type-draft.js';

interface ExampleFieldsProps {
  examples: readonly ExampleDraft[];
  onChange: (examples: ExampleDraft[]) => void;
  /** Returns the faults of an example by its index and text. */
  errorAt: (index: number, text: string) => string | undefined;
}

/** The examples of a version: data of events, as JSON. */
export function ExampleFields({ examples, onChange, errorAt }: ExampleFieldsProps) {
  return (
    <Fieldset legend="Examples">
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          The data of an event as services publish it. Each example must match the schema.
        </Text>
        {examples.map(({ key, text }, index) => (
          <Group key={key} gap="xs" wrap="nowrap" align="flex-start">
            <div className="grow">
              <JsonField
                label={`Example ${String(index + 1)}`}
                value={text}
                onChange={(value) => {
                  onChange(examples.map((one) => (one.key === key ? { key, text: value } : one)));
                }}
                error={errorAt(index, text)}
              />
            </div>
            <CloseButton
              aria-label={`Remove example ${String(index + 1)}`}
              onClick={() => {
                onChange(examples.filter((one) => one.key !== key));
              }}
            />
          </Group>
        ))}
        <Button
          variant="default"
          size="xs"
          w="fit-content"
          onClick={() => {
            onChange([...examples, { key: Math.max(0, ...examples.map(({ key }) => key)) + 1, text: '{\n}' }]);
          }}
        >
          Add example
        </Button>
      </Stack>
    </Fieldset>
  );
}
