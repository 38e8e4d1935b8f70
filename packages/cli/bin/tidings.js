#!/usr/bin/env node
// npm links only commands that exist when it installs, and dist/ is built later.
import '../dist/main.js';
