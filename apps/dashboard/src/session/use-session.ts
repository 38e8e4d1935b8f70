import { createContext, useContext } from 'react';
import type { Api } from '../api/api.js';
import type { EndReason } from './session-store.js';
import type { Session } from './token.js';

/** The session of the signed-in user, with the API client. */
export interface SignedIn extends Session {
  api: Api;
  signOut: (reason?: EndReason) => void;
}

/** Provides the session to the components below it. */
export const SignedInContext = createContext<SignedIn | null>(null);

/** Returns the session. Only components below `SignedInContext` may call it. */
export function useSession(): SignedIn {
  const signedIn = useContext(SignedInContext);
  if (signedIn === null) throw new Error('useSession was called outside SignedInContext.');
  return signedIn;
}
