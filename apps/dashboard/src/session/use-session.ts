import { createContext, useContext } from 'react';
import type { Api } from '../api/api.js';
import type { Ended } from './store.js';
import type { Session } from './token.js';

/** Who is signed in, and what they call the API with. */
export interface SignedIn extends Session {
  api: Api;
  signOut: (why?: Ended) => void;
}

export const SignedInContext = createContext<SignedIn | null>(null);

/** Whoever is signed in. Only for what is shown to them. */
export function useSession(): SignedIn {
  const signedIn = useContext(SignedInContext);
  if (signedIn === null) throw new Error('Nobody is signed in here.');
  return signedIn;
}
