import { expect, test } from '@jest/globals';
import { eventually } from '@tidings/testing';
import type { DashboardFixture } from './fixture.js';

/** Sign-in and keyboard navigation. */
export function signInTests(fixture: DashboardFixture): void {
  test('signs in with a pasted token or a link, keeps the token in the tab and removes it from the address', async () => {
    const alice = fixture.tidings.asUser('alice');
    const dashboard = await fixture.open();
    const { page, goto, fill, click, waitForText } = dashboard;
    await goto('/');
    await fill('Access token', 'hello');
    await click('Sign in');
    await waitForText('This is not a token');
    await fill('Access token', `${alice.token.slice(0, -4)}AAAA`);
    await click('Sign in');
    await waitForText('The API rejected this token');
    await fill('Access token', `Bearer ${alice.token}`);
    await click('Sign in');
    await waitForText('No webhooks yet');
    await page.reload();
    await waitForText('No webhooks yet');
    await click('Sign out');
    await dashboard.find('heading', 'Sign in to Tidings');
    expect(await page.evaluate('JSON.stringify({ ...sessionStorage, ...localStorage })')).not.toContain('eyJ');

    await goto(`/stream#token=${alice.token}`);
    await dashboard.find('heading', 'Live stream');
    expect(page.url()).toBe(`${fixture.tidings.url}/stream`);
    // A token that the API rejects ends the session with a message.
    await click('Sign out');
    await goto(`/#token=${alice.token.slice(0, -4)}AAAA`);
    await waitForText('The API no longer accepts your token');
  });

  test('asks before a link replaces the session that runs', async () => {
    const [alice, mallory] = [fixture.tidings.asUser('alice'), fixture.tidings.asUser('mallory')];
    const { page, goto, find, click, waitForText } = await fixture.open();
    await goto(`/#token=${alice.token}`);
    await waitForText('No webhooks yet');
    for (const answer of ['Cancel', 'Switch']) {
      await page.evaluate(`location.hash = 'token=${mallory.token}'`);
      await find('heading', 'Switch to another session?');
      expect(page.url()).not.toContain('token');
      await waitForText('signs in as “mallory”. You are signed in as “alice”');
      await click(answer);
      await eventually(async () => {
        const kept = await page.evaluate("sessionStorage.getItem('tidings.token')");
        expect(kept).toBe(answer === 'Switch' ? mallory.token : alice.token);
      });
    }
  });

  test('works with the keyboard only', async () => {
    const { page, goto, find } = await fixture.open();
    await goto('/');
    await page.getByLabel('Access token').focus();
    await page.keyboard.insertText(fixture.tidings.asUser('hana').token);
    await page.keyboard.press('Enter');
    await find('link', 'Register your first webhook');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to content');
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
