import { CopyTextButton } from './copy-text-button.js';

/** A block of JSON or plain text with a copy button. */
export function JsonBlock({ value, label }: { value: unknown; label: string }) {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  return (
    <div className="copyable">
      <pre className="json-block" tabIndex={0} role="region" aria-label={label}>
        {text}
      </pre>
      <CopyTextButton text={text} label="Copy" />
    </div>
  );
}
