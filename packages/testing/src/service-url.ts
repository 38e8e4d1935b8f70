/** The address of a service that `npm test` started. Throws when a suite is run without it. */
export function serviceUrl(name: 'TEST_DATABASE_URL' | 'TEST_REDIS_URL'): string {
  const url = process.env[name];
  if (url === undefined)
    throw new Error(`${name} is not set: run the tests with "npm test", or "npm test -- path/of/one.test.ts".`);
  return url;
}
