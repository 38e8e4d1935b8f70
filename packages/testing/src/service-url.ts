/** Returns the URL of a server that `npm test` started. Throws when Jest was started without `npm test`. */
export function serviceUrl(name: 'TEST_DATABASE_URL' | 'TEST_REDIS_URL'): string {
  const url = process.env[name];
  if (url === undefined)
    throw new Error(`${name} is not set: run the tests with "npm test", or one file with "npm test -- path/of/one.test.ts".`);
  return url;
}
