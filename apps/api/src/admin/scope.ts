/** What a token needs for the routes of operators. */
export const ADMIN = { scope: 'admin' } as const;
