// The scopes around a body, outermost first: error saving, hard timeout, slow monitor. (The lock outside of them is
// the lock manager's.) Each takes a function and runs it; a body that returns at once costs no promise.

import { clock } from "./clock.ts";
import { Deadline } from "./deadline.ts";
import { isThenable, type MaybePromise } from "./maybe.ts";
import { settleError, settleValue } from "./outcome.ts";
import type { EventResult } from "./records.ts";
import type { Limit } from "./settings.ts";
import type { SlowMonitor } from "./slow_monitor.ts";

/** What to do about a body that comes back after it was given up. */
export interface LateBody {
  value(value: unknown): void;
  error(error: unknown): void;
}

/**
 * Runs `fn` under a hard limit: when it passes, `onExpire` is called and its value thrown, at once, whatever the body
 * does then. A body that comes back at or after its limit has passed it too: it blocked, and what it threw is the cause.
 */
export function withTimeout<T>(
  limit: Limit | Deadline,
  fn: () => MaybePromise<T>,
  onExpire: (blocked: boolean, cause?: unknown) => unknown,
  late?: LateBody,
): MaybePromise<T> {
  if (limit === null) return fn();
  const deadline = typeof limit === "number" ? new Deadline(clock().monotonic(), limit) : limit;
  let body: MaybePromise<T>;
  try {
    body = fn();
  } catch (error) {
    if (deadline.over) throw onExpire(true, error);
    deadline.cancel();
    throw error;
  }
  if (!isThenable(body)) {
    if (deadline.over) throw onExpire(true);
    deadline.cancel();
    return body;
  }
  return new Promise<T>((resolve, reject) => {
    let expired = false;
    deadline.watch(() => {
      expired = true;
      reject(onExpire(false));
    });
    const inTime = (cause?: unknown): boolean => {
      const passed = deadline.over;
      deadline.cancel();
      if (passed) reject(onExpire(true, cause));
      return !passed;
    };
    body.then(
      (value) => {
        if (expired) late?.value(value);
        else if (inTime()) resolve(value);
      },
      (error: unknown) => {
        if (expired) late?.error(error);
        else if (inTime(error)) reject(error);
      },
    );
  });
}

/**
 * Runs `fn` and calls `onExpire` when the limit passes first. For a body that ends by what `onExpire` does; whoever owns
 * the deadline cancels it.
 */
export function withDeadline<T>(
  deadline: Deadline | null,
  fn: () => MaybePromise<T>,
  onExpire: () => void,
): MaybePromise<T> {
  const body = fn();
  if (isThenable(body)) deadline?.watch(onExpire);
  return body;
}

/** Runs `fn` while `monitor`, if there is one, watches how long it takes. Ends nothing. */
export function withSlowMonitor<T>(monitor: SlowMonitor | null, fn: () => MaybePromise<T>): MaybePromise<T> {
  if (monitor === null) return fn();
  let body: MaybePromise<T>;
  try {
    body = fn();
  } catch (error) {
    monitor.stop();
    throw error;
  }
  if (!isThenable(body)) {
    monitor.stop();
    return body;
  }
  monitor.watch();
  if (!monitor.isOwned) {
    const stop = (): void => monitor.stop();
    body.then(stop, stop);
  }
  return body;
}

/**
 * Runs a handler's body and makes what becomes of it the final outcome of `result`. Never throws. Ends as soon as the
 * result is final, also when that was decided elsewhere and the body goes on.
 */
export function withSavedHandlerErrors(result: EventResult, fn: () => MaybePromise<unknown>): MaybePromise<void> {
  let body: MaybePromise<unknown>;
  try {
    body = fn();
  } catch (error) {
    settleError(result, error);
    return;
  }
  if (!isThenable(body)) {
    settleValue(result, body);
    return;
  }
  // The body may have ended itself, by stopping its bus.
  if (!result.final) result.live.unsettled = true;
  body.then(
    (value) => settleValue(result, value),
    (error: unknown) => settleError(result, error),
  );
  if (result.final) return;
  return new Promise((resolve) => {
    result.live.onFinal = resolve;
  });
}
