import { test } from 'node:test';
import { killUnderLoad } from '../support/standalone-kills.ts';

test('killed with SIGKILL at random moments under load, it loses nothing that it accepted and counts nothing twice', () =>
  killUnderLoad(4, Math.random));
