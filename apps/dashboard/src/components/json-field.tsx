import { Textarea, type TextareaProps } from '@mantine/core';
import type { ReactNode } from 'react';

interface JsonFieldProps extends Pick<TextareaProps, 'label' | 'description' | 'required' | 'maxRows'> {
  value: string;
  onChange: (value: string) => void;
  error: ReactNode;
}

/** A field for JSON, in a font whose characters have one width. Errors keep their lines. */
export function JsonField({ onChange, error, maxRows = 14, ...rest }: JsonFieldProps) {
  return (
    <Textarea
      {...rest}
      autosize
      minRows={3}
      maxRows={maxRows}
      spellCheck={false}
      autoCapitalize="off"
      autoComplete="off"
      classNames={{ input: 'json-input', error: 'keep-lines' }}
      onChange={(event) => {
        onChange(event.currentTarget.value);
      }}
      error={error}
    />
  );
}
