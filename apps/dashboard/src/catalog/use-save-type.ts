import { useMutation } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { notifySuccess } from '../components/notify.js';
import { useSession } from '../session/use-session.js';
import { writeEventType, type Target } from './event-types-api.js';
import { eventTypePath } from './paths.js';
import { useRefreshCatalog } from './queries.js';
import { bodyOf, type TypeDraft } from './type-draft.js';

/** Returns the mutation that saves the form to a version, and then opens the page of that version. */
export function useSaveType(draft: TypeDraft) {
  const { api } = useSession();
  const [, navigate] = useLocation();
  const refresh = useRefreshCatalog();
  return useMutation({
    mutationFn: (target: Target) => writeEventType(api, draft.type, bodyOf(draft, target)),
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
