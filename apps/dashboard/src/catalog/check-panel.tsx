import { Alert, Paper, Stack, Text } from '@mantine/core';
import { LoadError } from '../components/load-error.js';
import { formatQuantity } from '../format/numbers.js';
import type { Breaks, EventTypeChanges } from './event-types-api.js';
import { RequestPreview } from './request-preview.js';
import { TypeChanges } from './type-changes.js';
import type { TypeDraft } from './type-draft.js';

interface CheckPanelProps {
  draft: TypeDraft;
  version: number;
  faultCount: number;
  /** Whether the API can be asked: the name is one, and the schema and the examples are JSON. */
  isReady: boolean;
  isChecking: boolean;
  error: Error | null;
  /** Null while the definition has faults. */
  effect: EventTypeChanges | null;
}

/** The effect that saving the form would have, checked while the user types, and the request that webhooks would get. */
export function CheckPanel({ draft, version, faultCount, isReady, isChecking, error, effect }: CheckPanelProps) {
  const isShown = isReady && faultCount === 0 && effect !== null;
  return (
    <Paper withBorder p="lg" component="section" aria-label="Check" className="check-panel">
      <Stack>
        <Text size="sm" fw={600} role="status">
          {statusOf({ faultCount, isReady, isChecking, effect })}
        </Text>
        {error && <LoadError name="check" error={error} />}
        {isShown && effect.creates === null && effect.breaks.length > 0 && (
          <Alert color="orange" title={`Version ${String(version)} cannot take this change`}>
            It may break {partiesOf(effect.breaks)}. Saving offers a new version instead.
          </Alert>
        )}
        {isShown && effect.creates === 'version' && (
          <Text size="sm">
            A new version breaks nobody: services publish it once they name it, or once it is the default. These are its
            differences from the default version, which count once it becomes the default.
          </Text>
        )}
        {isShown && effect.creates !== 'type' && <TypeChanges changes={effect} />}
        <RequestPreview type={draft.type} version={version} example={draft.examples[0]?.text} />
      </Stack>
    </Paper>
  );
}

function statusOf({
  faultCount,
  isReady,
  isChecking,
  effect,
}: Pick<CheckPanelProps, 'faultCount' | 'isReady' | 'isChecking' | 'effect'>) {
  if (faultCount > 0) return `${formatQuantity(faultCount, 'fault')} to correct`;
  if (isChecking) return 'Checking …';
  if (!isReady || effect === null) return 'Not checked yet';
  return effect.creates === null && effect.breaks.length > 0 ? 'A breaking change' : 'No faults found';
}

function partiesOf(breaks: readonly Breaks[]): string {
  return breaks.map((party) => (party === 'publishers' ? 'services that publish events' : 'receivers of events')).join(' and ');
}
