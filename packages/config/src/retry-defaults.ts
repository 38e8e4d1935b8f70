/** The most attempts that an operator or an owner may set. */
export const MAX_ATTEMPTS = 20;

/** Three attempts with full jitter: the second within 10 s, the third within 20 s after it. Delays are in milliseconds. */
export const DEFAULT_RETRY_POLICY = { maxAttempts: 3, initialDelayMs: 10_000, maxDelayMs: 3_600_000, jitter: 1 } as const;
