import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './global.css';
import { setNonce } from 'get-nonce';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.js';
import { createSessionStore } from './session/session-store.js';

/** Reads a value that the API wrote into a `meta` element. A page served by Vite still has the placeholder. */
function readMeta(name: string): string | undefined {
  const content = document.querySelector<HTMLMetaElement>(`meta[name="tidings-${name}"]`)?.content;
  return content === undefined || content === '' || content.startsWith('TIDINGS_') ? undefined : content;
}

const sessions = createSessionStore({
  storage: window.sessionStorage,
  fragment: window.location.hash,
  removeFragment() {
    window.history.replaceState(null, '', window.location.pathname + window.location.search);
  },
});

// Opening a sign-in link in a tab that already shows the page changes only the fragment.
window.addEventListener('hashchange', () => {
  sessions.signInFromLink(window.location.hash);
});

// Mantine's dialogs use react-remove-scroll, which takes the nonce for its styles from `get-nonce`.
const nonce = readMeta('nonce');
if (nonce !== undefined) setNonce(nonce);

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App sessions={sessions} nonce={nonce} />
    </StrictMode>,
  );
}
