/** The access of operator routes: the token needs the scope `admin`. */
export const ADMIN = { scope: 'admin' } as const;
