import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const ASSETS = join(import.meta.dirname, 'dist/assets');

/** Compresses the built files once, so that the server does not compress them for each request. */
const gzip: Plugin = {
  name: 'gzip',
  apply: 'build',
  closeBundle() {
    for (const name of readdirSync(ASSETS).filter((name) => /[.](js|css)$/.test(name))) {
      writeFileSync(join(ASSETS, `${name}.gz`), gzipSync(readFileSync(join(ASSETS, name)), { level: 9 }));
    }
  },
};

export default defineConfig({
  root: import.meta.dirname,
  // The API puts its own base path in front of the page's paths; scripts find each other relatively.
  base: './',
  plugins: [react(), gzip],
  build: {
    // No asset is inlined: the Content-Security-Policy of the page forbids `data:` URLs.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 600,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [{ name: 'framework', test: /node_modules[\\/](react|react-dom|scheduler|@tanstack|wouter)[\\/]/ }],
        },
      },
    },
  },
  // For development: `npx vite apps/dashboard` beside `npm start` reloads the page after each change.
  server: { port: 5173, proxy: { '/api': 'http://127.0.0.1:3000', '/openapi.json': 'http://127.0.0.1:3000' } },
});
