import { expect, test } from '@jest/globals';
import { eventually } from '@tidings/testing';
import type { World } from './world.js';

/** How one gets in, and around. */
export function wayIn(world: World): void {
  test('is entered with a token, pasted or in a link, which stays in the tab and leaves the address', async () => {
    const alice = world.tidings.asUser('alice');
    const visitor = await world.open();
    const { page, visit, fill, press, read } = visitor;
    await visit('/');
    await fill('Access token', 'hello');
    await press('Sign in');
    await read('This is not a token');
    await fill('Access token', `${alice.token.slice(0, -4)}AAAA`);
    await press('Sign in');
    await read('The API does not take this token');
    await fill('Access token', `Bearer ${alice.token}`);
    await press('Sign in');
    await read('No webhook yet');
    await page.reload();
    await read('No webhook yet');
    await press('Sign out');
    await visitor.see('heading', 'Sign in to Tidings');
    expect(await page.evaluate('JSON.stringify({ ...sessionStorage, ...localStorage })')).not.toContain('eyJ');

    await visit(`/stream#token=${alice.token}`);
    await visitor.see('heading', 'Live stream');
    expect(page.url()).toBe(`${world.tidings.url}/stream`);
    // Of a token that is no longer taken, whoever has it is told.
    await press('Sign out');
    await visit(`/#token=${alice.token.slice(0, -4)}AAAA`);
    await read('The API no longer takes your token');
  });

  test('can be used with the keyboard alone', async () => {
    const { page, visit, see: find } = await world.open();
    await visit('/');
    await page.getByLabel('Access token').focus();
    await page.keyboard.insertText(world.tidings.asUser('hana').token);
    await page.keyboard.press('Enter');
    await find('link', 'Register your first webhook');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the page');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Register a webhook');
    await page.keyboard.press('Enter');
    await find('heading', 'Register a webhook');
    await eventually(async () => {
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Register a webhook');
      expect(await page.title()).toBe('Register a webhook · Tidings');
    });
  });
}
