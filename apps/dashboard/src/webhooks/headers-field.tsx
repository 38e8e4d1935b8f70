import { Button, CloseButton, Fieldset, Group, Input, Stack, Switch, Text, TextInput } from '@mantine/core';
import type { HeaderLine } from './draft.js';

interface HeadersFieldProps {
  lines: readonly HeaderLine[];
  onChange: (lines: HeaderLine[]) => void;
  error: string | undefined;
  now: readonly string[] | undefined;
  replace: boolean;
  onReplace: ((replace: boolean) => void) | undefined;
}

/** Headers that are sent with each request, such as one that the receiver's gateway asks for. */
export function HeadersField({ lines, onChange, error, now, replace, onReplace }: HeadersFieldProps) {
  const change = (key: number, changed: Partial<HeaderLine>): void => {
    onChange(lines.map((line) => (line.key === key ? { ...line, ...changed } : line)));
  };
  const hidden = now !== undefined && now.length > 0;
  return (
    <Fieldset legend="Headers">
      <Stack gap="xs">
        <Text size="sm" c="dimmed">
          Sent with each request. Values are stored encrypted, and never shown again.
        </Text>
        {hidden && (
          <>
            <Text size="sm">
              Set now: <strong>{now.join(', ')}</strong>
            </Text>
            <Switch label="Replace them all" checked={replace} onChange={(event) => onReplace?.(event.currentTarget.checked)} />
          </>
        )}
        {(!hidden || replace) && (
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
              Add a header
            </Button>
          </>
        )}
        {error !== undefined && <Input.Error role="alert">{error}</Input.Error>}
      </Stack>
    </Fieldset>
  );
}
