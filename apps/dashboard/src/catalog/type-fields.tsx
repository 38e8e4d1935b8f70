import { Fieldset, Radio, Stack, Switch, Text, Textarea, TextInput } from '@mantine/core';
import { JsonField } from '../components/json-field.js';
import { ExampleFields } from './example-fields.js';
import { faultsAt, faultsInJson, type Fault } from './faults.js';
import type { TypeDraft } from './type-draft.js';

interface TypeFieldsProps {
  draft: TypeDraft;
  onChange: (changed: Partial<TypeDraft>) => void;
  faults: readonly Fault[];
  /** The version that is written; undefined: the type is new, and its name can be chosen. */
  version: number | undefined;
}

/** The form fields of an event type. */
export function TypeFields({ draft, onChange, faults, version }: TypeFieldsProps) {
  const errorOf = (field: string) => faultsAt(faults, field);
  return (
    <Stack>
      {version === undefined && (
        <TextInput
          label="Name"
          description="What happened, as noun.verb. It cannot be changed later."
          placeholder="invoice.paid"
          required
          spellCheck={false}
          autoCapitalize="off"
          value={draft.type}
          onChange={(event) => {
            onChange({ type: event.currentTarget.value.trim() });
          }}
          error={errorOf('type')}
        />
      )}
      <SharedFields draft={draft} onChange={onChange} errorOf={errorOf} isShared={version !== undefined} />
      <Fieldset legend={version === undefined ? 'Contract' : `Contract of version ${String(version)}`}>
        <Stack>
          <Radio.Group
            label="Audience"
            value={draft.audience}
            onChange={(audience) => {
              onChange({ audience: audience === 'everyone' ? 'everyone' : 'owner' });
            }}
            error={errorOf('audience')}
          >
            <Stack gap={6} mt={6}>
              <Radio value="owner" label="One owner: the owner whom a field of the data names gets the event" />
              <Radio value="everyone" label="Everyone: all owners get the event" />
            </Stack>
          </Radio.Group>
          {draft.audience === 'owner' && (
            <TextInput
              label="Owner field"
              description="The field of the data that names the owner. The schema must require it as a string."
              required
              spellCheck={false}
              autoCapitalize="off"
              value={draft.ownerField}
              onChange={(event) => {
                onChange({ ownerField: event.currentTarget.value });
              }}
              error={errorOf('owner_field')}
            />
          )}
          <Switch
            label="Keep unknown fields"
            description="Off: events with fields that the schema does not name are refused. On: such fields are kept and delivered."
            checked={draft.unknownFields === 'keep'}
            onChange={(event) => {
              onChange({ unknownFields: event.currentTarget.checked ? 'keep' : 'refuse' });
            }}
            error={errorOf('unknown_fields')}
          />
          <JsonField
            label="JSON Schema"
            description="The form of the data, in JSON Schema 2020-12."
            required
            maxRows={28}
            value={draft.schema}
            onChange={(schema) => {
              onChange({ schema });
            }}
            error={faultsInJson(faults, 'schema', draft.schema)}
          />
          <ExampleFields
            examples={draft.examples}
            onChange={(examples) => {
              onChange({ examples });
            }}
            errorAt={(index, text) => faultsInJson(faults, `examples[${String(index)}]`, text)}
          />
        </Stack>
      </Fieldset>
    </Stack>
  );
}

interface SharedFieldsProps extends Pick<TypeFieldsProps, 'draft' | 'onChange'> {
  errorOf: (field: string) => string | undefined;
  /** Whether other versions have the same values. */
  isShared: boolean;
}

/** The fields that all versions of a type share. */
function SharedFields({ draft, onChange, errorOf, isShared }: SharedFieldsProps) {
  return (
    <>
      {isShared && (
        <Text size="sm" c="dimmed">
          All versions of the type share the title, the description and the group.
        </Text>
      )}
      <TextInput
        label="Title"
        description="A short name for people. Empty: none."
        value={draft.title}
        onChange={(event) => {
          onChange({ title: event.currentTarget.value });
        }}
        error={errorOf('title')}
      />
      <Textarea
        label="Description"
        description="When the event occurs, and what a receiver does with it."
        autosize
        minRows={2}
        value={draft.description}
        onChange={(event) => {
          onChange({ description: event.currentTarget.value });
        }}
        error={errorOf('description')}
      />
      <TextInput
        label="Group"
        description="Types of one group are listed together, such as “Billing”. Empty: none."
        value={draft.group}
        onChange={(event) => {
          onChange({ group: event.currentTarget.value });
        }}
        error={errorOf('group')}
      />
    </>
  );
}
