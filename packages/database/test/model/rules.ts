/** The rules that the properties depend on. A test breaks one at a time, and checks that a property finds it. */
export interface Rules {
  /** An accepted delivery has a wake time. */
  acceptHasWakeTime: boolean;
  /** A claimed delivery has a wake time. */
  claimHasWakeTime: boolean;
  /** A claim leaves a delivery alone while another worker holds its lease. */
  claimHonoursLeases: boolean;
  /** A claim counts the requests in flight. */
  claimCountsInFlight: boolean;
  /** Of a fifo webhook, a claim takes only the first delivery in line, or a replay. */
  claimKeepsFifoOrder: boolean;
  /** A fifo webhook's delivery waits for the deliveries of an earlier event that is being expanded. */
  claimWaitsForExpansions: boolean;
  /** A claim takes nothing while its webhook, or everything, is paused. */
  claimHonoursPause: boolean;
  /** A claim takes nothing of an earlier generation. */
  claimHonoursGeneration: boolean;
  /** Between its attempts a delivery keeps its place in a fifo webhook's line. */
  backoffHoldsLine: boolean;
  /** Replays are outside a fifo webhook's line. */
  replaysLeaveLine: boolean;
  /** In a parked line, waiting makes up for a lower priority. */
  lineAges: boolean;
  /** The webhooks take turns in admission. */
  admissionTakesTurns: boolean;
  /** Only the holder of the lease records an attempt. */
  recordRequiresLease: boolean;
  /** A retry that was requested while the request was under way is made. */
  recordHonoursRetry: boolean;
  /** A delivery that was cancelled while its request was under way is succeeded if the request did. */
  successEndsCancellation: boolean;
  /** A request for a retry leaves a live lease alone. */
  retryKeepsLease: boolean;
  /** A wake leaves a live lease alone. */
  wakeKeepsLeases: boolean;
  /** A wake brings forward times that only a clock that was ahead can have written. */
  wakeBoundsTimes: boolean;
  /** Times of a circuit, a rate limit and a first attempt that only a clock that was ahead can have written count as now. */
  claimBoundsTimes: boolean;
  /** A claim takes nothing while its receiver has asked for no more. */
  claimHonoursHolds: boolean;
  /** Only a request that was claimed since the last slow-down is a further one. */
  slowDownsAreCounted: boolean;
  /** A hold is not shortened by a later answer. */
  holdsAreKept: boolean;
  /** A request to which the receiver answered "slower" uses up no attempt. */
  throttlesAreNotCounted: boolean;
  /** Each change of `enabled` begins a generation. */
  changeBeginsGeneration: boolean;
  /** A cancellation ends only earlier generations. */
  cancelHonoursGeneration: boolean;
  /** A delivery that is ended while its request is under way keeps its lease. */
  cancelKeepsLeases: boolean;
  /** An expansion writes no delivery twice. */
  expansionWritesOnce: boolean;
  /** An expansion writes deliveries only for webhooks that were enabled before its event was accepted. */
  expansionHonoursFromPosition: boolean;
  /** When a webhook becomes fifo, the fifo phases of expansions are reopened. */
  fifoReopensExpansions: boolean;
}

/** All rules, unbroken. */
export const RULES: Rules = {
  acceptHasWakeTime: true,
  claimHasWakeTime: true,
  claimHonoursLeases: true,
  claimCountsInFlight: true,
  claimKeepsFifoOrder: true,
  claimWaitsForExpansions: true,
  claimHonoursPause: true,
  claimHonoursGeneration: true,
  backoffHoldsLine: true,
  replaysLeaveLine: true,
  lineAges: true,
  admissionTakesTurns: true,
  recordRequiresLease: true,
  recordHonoursRetry: true,
  successEndsCancellation: true,
  retryKeepsLease: true,
  wakeKeepsLeases: true,
  wakeBoundsTimes: true,
  claimBoundsTimes: true,
  claimHonoursHolds: true,
  slowDownsAreCounted: true,
  holdsAreKept: true,
  throttlesAreNotCounted: true,
  changeBeginsGeneration: true,
  cancelHonoursGeneration: true,
  cancelKeepsLeases: true,
  expansionWritesOnce: true,
  expansionHonoursFromPosition: true,
  fifoReopensExpansions: true,
};
