// Values that may be ready now or later. A scope built on these costs no promise when its body returns at once.

export type MaybePromise<T> = T | PromiseLike<T>;

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    value !== null &&
    (typeof value === "object" || typeof value === "function") &&
    typeof (value as { then?: unknown }).then === "function"
  );
}

export function ignore(): void {}

/** Runs `fn`, and `leave` after it however it ends. */
export function withCleanup<T>(fn: () => MaybePromise<T>, leave: () => void): MaybePromise<T> {
  let outcome: MaybePromise<T>;
  try {
    outcome = fn();
  } catch (error) {
    leave();
    throw error;
  }
  if (!isThenable(outcome)) {
    leave();
    return outcome;
  }
  return outcome.then(
    (value) => {
      leave();
      return value;
    },
    (error: unknown) => {
      leave();
      throw error;
    },
  );
}
