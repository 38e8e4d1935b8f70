import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './look.css';
import { setNonce } from 'get-nonce';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.js';
import { createSessionStore } from './session/store.js';

/** What the API wrote into the page. In a page that Vite serves, nobody did. */
function told(name: string): string | undefined {
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

// A link that is opened where the page is already changes the fragment alone.
window.addEventListener('hashchange', () => {
  sessions.enter(window.location.hash);
});

// For the styles that an open dialog writes, which come from a library below Mantine.
const nonce = told('nonce');
if (nonce !== undefined) setNonce(nonce);

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App sessions={sessions} nonce={nonce} />
    </StrictMode>,
  );
}
