import { useMutation } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { ApiProblem, type Api } from '../api/api.js';
import { notifySuccess } from '../components/notify.js';
import { useSession } from '../session/use-session.js';
import { tryEventType, writeEventType, type Target } from './event-types-api.js';
import { eventTypePath } from './paths.js';
import { useRefreshCatalog } from './queries.js';
import { bodyOf, type TypeDraft } from './type-draft.js';

/** Returns the mutation that saves the form to a version, and then opens the page of that version. */
export function useSaveType(draft: TypeDraft) {
  const { api } = useSession();
  const [, navigate] = useLocation();
  const refresh = useRefreshCatalog();
  return useMutation({
    mutationFn: async (target: Target) => {
      const body = bodyOf(draft, target);
      if (target.version === undefined) await refuseExisting(api, draft.type, body);
      return writeEventType(api, draft.type, body);
    },
    onSuccess: ({ type, version, default_version: defaultVersion }) => {
      const isDefault = version === defaultVersion;
      notifySuccess(
        isDefault
          ? `${type} was saved.`
          : `Version ${String(version)} was saved. Services that name no version still publish version ${String(defaultVersion)}.`,
      );
      navigate(eventTypePath(type, isDefault ? undefined : version));
      void refresh();
    },
  });
}

/** The fault of a new type whose name is taken. */
export const NAME_IS_TAKEN = { field: 'type', message: 'An event type with this name exists. Open it to change it.' };

/** Refuses to write a type that exists: the form for a new one does not show what it has. */
async function refuseExisting(api: Api, type: string, body: string): Promise<void> {
  const { creates } = await tryEventType(api, type, body);
  if (creates !== 'type') throw new ApiProblem(409, { detail: 'The name is taken.', errors: [NAME_IS_TAKEN] });
}
