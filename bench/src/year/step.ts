/** Called after a step with its name and duration. */
export type OnStep = (step: string, seconds: number) => void;

/** Runs a step and reports its duration. */
export async function runStep<Result>(onStep: OnStep, step: string, work: () => Promise<Result>): Promise<Result> {
  const startedAt = performance.now();
  const result = await work();
  onStep(step, (performance.now() - startedAt) / 1000);
  return result;
}
