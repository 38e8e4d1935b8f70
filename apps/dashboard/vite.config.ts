import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const ASSETS = join(import.meta.dirname, 'dist/assets');

/** Packs what is built, once, so that no server does it at each request. */
const packed: Plugin = {
  name: 'packed',
  apply: 'build',
  closeBundle() {
    for (const name of readdirSync(ASSETS).filter((name) => /[.](js|css)$/.test(name))) {
      writeFileSync(join(ASSETS, `${name}.gz`), gzipSync(readFileSync(join(ASSETS, name)), { level: 9 }));
    }
  },
};

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), packed],
  build: {
    // Everything is a file of its own: the page's policy allows no `data:`.
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
  // `npx vite apps/dashboard` beside `npm start`: the page is built anew as it is written.
  server: { port: 5173, proxy: { '/api': 'http://127.0.0.1:3000', '/openapi.json': 'http://127.0.0.1:3000' } },
});
