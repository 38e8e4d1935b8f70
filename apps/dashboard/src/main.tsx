import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './global.css';
import { setNonce } from 'get-nonce';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { readServerValue } from './api/server-values.js';
import { App } from './app.js';
import { createSessionStore } from './session/session-store.js';

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
const nonce = readServerValue('nonce');
if (nonce !== undefined) setNonce(nonce);

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App sessions={sessions} nonce={nonce} />
    </StrictMode>,
  );
}
