/** A condition for admitted deliveries of any priority. Each of two indexes has a part of them, which PostgreSQL sees only so. */
export const IS_ADMITTED = `stage = 'admitted' AND (priority = 0 OR priority > 0)`;
