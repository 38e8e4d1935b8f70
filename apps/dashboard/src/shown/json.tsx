import { Button, CopyButton } from '@mantine/core';

/** A text that fills the clipboard at a click. */
export function Copy({ value, label }: { value: string; label: string }) {
  return (
    <CopyButton value={value} timeout={2000}>
      {({ copied, copy }) => (
        <Button size="compact-xs" variant="default" onClick={copy} aria-live="polite">
          {copied ? 'Copied' : label}
        </Button>
      )}
    </CopyButton>
  );
}

/** JSON, or a text, to read and to copy. */
export function Json({ value, label }: { value: unknown; label: string }) {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  return (
    <div className="copied">
      <pre className="json" tabIndex={0} role="region" aria-label={label}>
        {text}
      </pre>
      <Copy value={text} label="Copy" />
    </div>
  );
}
