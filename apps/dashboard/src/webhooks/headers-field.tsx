import { Button, CloseButton, Fieldset, Group, Input, Stack, Switch, Text, TextInput } from '@mantine/core';
import type { HeaderLine } from './webhook-draft.js';

interface HeadersFieldProps {
  lines: readonly HeaderLine[];
  onChange: (lines: HeaderLine[]) => void;
  error: string | undefined;
  /** The names of the stored headers; undefined for a new webhook. */
  storedNames: readonly string[] | undefined;
  replace: boolean;
  onReplace: ((replace: boolean) => void) | undefined;
}

/** Custom headers of each request, such as an API key for the receiver's gateway. */
export function HeadersField({ lines, onChange, error, storedNames, replace, onReplace }: HeadersFieldProps) {
  const change = (key: number, changed: Partial<HeaderLine>): void => {
    onChange(lines.map((line) => (line.key === key ? { ...line, ...changed } : line)));
  };
  const hasStored = storedNames !== undefined && storedNames.length > 0;
  return (
    <Fieldset legend="Headers">
      <Stack gap="xs">
        <Text size="sm" c="dimmed">
          Tidings sends these headers with each request. It encrypts the values and never shows them again.
        </Text>
        {hasStored && (
          <>
            <Text size="sm">
              Current headers: <strong>{storedNames.join(', ')}</strong>
            </Text>
            <Switch
              label="Replace all headers"
              checked={replace}
              onChange={(event) => onReplace?.(event.currentTarget.checked)}
            />
          </>
        )}
        {(!hasStored || replace) && (
          <>
            {lines.map(({ key, name, value }, index) => (
              <Group key={key} gap="xs" wrap="nowrap" align="flex-start">
                <TextInput
                  aria-label={`Name of header ${String(index + 1)}`}
                  placeholder="X-Api-Key"
                  flex={2}
                  value={name}
                  onChange={(event) => {
                    change(key, { name: event.currentTarget.value });
                  }}
                />
                <TextInput
                  aria-label={`Value of header ${String(index + 1)}`}
                  placeholder="value"
                  flex={3}
                  value={value}
                  autoComplete="off"
                  onChange={(event) => {
                    change(key, { value: event.currentTarget.value });
                  }}
                />
                <CloseButton
                  size="lg"
                  aria-label={`Remove header ${String(index + 1)}`}
                  onClick={() => {
                    onChange(lines.filter((line) => line.key !== key));
                  }}
                />
              </Group>
            ))}
            <Button
              variant="default"
              size="xs"
              onClick={() => {
                onChange([...lines, { key: Math.max(0, ...lines.map(({ key }) => key)) + 1, name: '', value: '' }]);
              }}
              w="fit-content"
            >
              Add header
            </Button>
          </>
        )}
        {error !== undefined && <Input.Error role="alert">{error}</Input.Error>}
      </Stack>
    </Fieldset>
  );
}
