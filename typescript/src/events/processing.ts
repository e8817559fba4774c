// The processing of one event on one bus: lock, then limits, then its handlers, each inside its own scopes.

import { clock } from "./clock.ts";
import { Deadline } from "./deadline.ts";
import { EventHandlerTimeoutError, EventRecursionError } from "./errors.ts";
import { completeRun } from "./finish.ts";
import { log } from "./logger.ts";
import { isThenable, type MaybePromise } from "./maybe.ts";
import { settleError, settleValue } from "./outcome.ts";
import type { EventFacade, EventRecord, EventResult, EventRun } from "./records.ts";
import { refuseAtLock } from "./refusing.ts";
import { withDeadline, withSavedHandlerErrors, withSlowMonitor, withTimeout } from "./scopes.ts";
import { EffectiveSettings } from "./settings.ts";
import { SlowMonitor } from "./slow_monitor.ts";
import { stampAt } from "./stamps.ts";
import { expireRun, fillResults, subject, warnBlocked } from "./stop.ts";
import { waitsFor } from "./waits.ts";

function facadeOf(run: EventRun): EventFacade {
  const { live, kind } = run.record;
  live.facade ??= kind.view(run.record, null);
  return live.facade;
}

/** Processes a run that has not started. Ends when its lock is free again. */
export function startRun(run: EventRun): MaybePromise<void> {
  run.state = "waiting";
  const outcome = run.bus.locks.withEventLock(facadeOf(run), () => underLock(run));
  if (run.live.waiter !== null) refuseAtLock(run);
  return outcome;
}

function underLock(run: EventRun): MaybePromise<void> {
  if (run.state !== "waiting") return;
  run.state = "running";
  const { record, bus } = run;
  const now = clock().monotonic();
  if (record.status === "pending") {
    record.status = "started";
    record.startedAt = stampAt(now);
  }
  bus.history.started(run);
  if (bus.hooks === null) return underLimits(run, now);
  return bus.hooks.event(record, "started").then(() => underLimits(run, clock().monotonic()));
}

function underLimits(run: EventRun, now: number): MaybePromise<void> {
  fillResults(run);
  if (run.state === "final" || run.firstResult === null) {
    completeRun(run);
    return;
  }
  const { timeout, slowTimeout } = run.settings;
  const { live } = run;
  if (timeout !== null) live.cap = new Deadline(now, timeout);
  const threshold = EffectiveSettings.threshold(slowTimeout, timeout);
  if (threshold !== null) live.monitor = new SlowMonitor(now, threshold, (elapsed) => warnSlowEvent(run, elapsed));
  // When the limit passes all results become final, and with them this ends.
  const body = (): MaybePromise<void> => withSlowMonitor(live.monitor, () => runHandlers(run, now));
  return withDeadline(live.cap, body, () => expireRun(run));
}

function runHandlers(run: EventRun, now: number): MaybePromise<void> {
  const mode = run.settings.handlerConcurrency;
  switch (mode) {
    case "serial":
      return runSerial(run, run.firstResult, now);
    case "parallel":
      return runParallel(run);
    default:
      return mode satisfies never;
  }
}

/** `now` is a fresh reading of the clock, if the caller has one. */
function runSerial(run: EventRun, first: EventResult | null, now: number | null): MaybePromise<void> {
  for (let result = first; result !== null; result = result.next) {
    if (result.final) continue;
    const outcome = runHandler(result, result === first ? now : null);
    const { next } = result;
    if (isThenable(outcome)) return outcome.then(() => runSerial(run, next, null));
  }
  completeRun(run);
}

function runParallel(run: EventRun): MaybePromise<void> {
  if (run.bus.hooks === null) return startAll(run);
  const open = run.results.filter((result) => !result.final);
  return Promise.all(open.map(tellStart)).then(() => startAll(run));
}

function startAll(run: EventRun): MaybePromise<void> {
  const open: PromiseLike<void>[] = [];
  for (let result = run.firstResult; result !== null; result = result.next) {
    if (result.final) continue;
    const outcome = runHandler(result, null);
    if (isThenable(outcome)) open.push(outcome);
  }
  if (open.length > 0) return Promise.all(open).then(() => completeRun(run));
  completeRun(run);
}

function runHandler(result: EventResult, fresh: number | null): MaybePromise<void> {
  let now = fresh;
  const outcome = result.run.bus.locks.withHandlerLock(facadeOf(result.run), result, () => {
    if (result.final) return;
    if (result.run.bus.hooks === null || result.live.told) return callHandler(result, now ?? clock().monotonic());
    return tellStart(result).then(() => (result.final ? undefined : callHandler(result, clock().monotonic())));
  });
  // Whoever waited for the lock reads the clock when it enters.
  now = null;
  return outcome;
}

/** Lets the middlewares hear that a handler is about to start; the event's clock stands still if nothing else runs. */
function tellStart(result: EventResult): Promise<void> {
  const { run } = result;
  const cap = run.results.some((each) => each.alive) ? null : run.live.cap;
  result.live.told = true;
  cap?.pause();
  return (run.bus.hooks?.result(result, "started") ?? Promise.resolve()).then(() => cap?.resume());
}

function callHandler(result: EventResult, now: number): MaybePromise<void> {
  const { run, entry } = result;
  const { live } = result;
  result.status = "started";
  result.startedAt = stampAt(now);
  entry.running += 1;
  if (entry.running > 1 && reentersTooOften(result)) {
    settleError(result, new EventRecursionError(`${entry.handler_name} re-entered itself too often`));
    return;
  }
  const { timeout } = run.settings;
  const limit = run.settings.limitFor(entry.handler_timeout);
  live.limit = limit;
  // Where both are equal the cap counts, so only a smaller limit needs a deadline of its own.
  if (limit !== null && (timeout === null || limit < timeout)) live.deadline = new Deadline(now, limit);
  const slow = entry.handler_slow_timeout === undefined ? run.settings.handlerSlowTimeout : entry.handler_slow_timeout;
  const threshold = EffectiveSettings.threshold(slow, timeout, limit);
  if (threshold !== null)
    live.monitor = new SlowMonitor(now, threshold, (elapsed) => warnSlowHandler(result, elapsed), true);
  const event = run.record.kind.view(run.record, result);
  const call = (): unknown => entry.handler(event as never);
  const body = (): unknown => run.bus.locks.withHandlerDispatchContext(event, call);
  const watched = (): MaybePromise<unknown> => withSlowMonitor(live.monitor, body);
  const { deadline } = live;
  if (deadline === null) return withSavedHandlerErrors(result, watched);
  return withSavedHandlerErrors(result, () =>
    withTimeout(deadline, watched, (blocked, cause) => expireHandler(result, blocked, cause), {
      value: (value) => settleValue(result, value),
      error: (error) => settleError(result, error),
    }),
  );
}

function expireHandler(result: EventResult, blocked: boolean, cause: unknown): unknown {
  const seconds = result.live.limit;
  if (blocked) {
    warnBlocked(result, seconds);
  }
  const error = new EventHandlerTimeoutError(`${result.handler_name} took longer than its ${seconds} s`, result, {
    timeout_seconds: seconds,
    cause,
  });
  if (!result.final) {
    if (blocked) result.live.unsettled = false;
    result.live.limitError = error;
  }
  return error;
}

function reentersTooOften(result: EventResult): boolean {
  const { max_handler_recursion_depth: deepest } = result.run.bus.settings;
  return result.entry.running > deepest + 1 && reentries(result) > deepest;
}

/** How many open calls of the same handler wait for this event or emitted it, directly or not. */
function reentries(result: EventResult): number {
  if (result.record.live.frameWaits === null && result.record.emittedBy === null) return 0;
  const seen = new Set<EventResult>();
  const seenRecords = new Set<EventRecord>();
  for (let records: EventRecord[] = [result.record]; records.length > 0; ) {
    const frames = records.flatMap((record) => [...waitsFor(record, seenRecords)].map((wait) => wait.frame));
    for (const { emittedBy } of records) if (emittedBy !== null) frames.push(emittedBy);
    records = [];
    for (const frame of frames) {
      if (!seen.has(frame)) records.push(frame.record);
      seen.add(frame);
    }
  }
  let count = 0;
  for (const frame of seen) if (frame.entry === result.entry && frame.alive) count += 1;
  return count;
}

function warnSlowEvent(run: EventRun, elapsed: number): void {
  log({
    kind: "slow_event",
    message: `${run.record.typeName} takes long: ${elapsed.toFixed(1)} s`,
    bus: run.bus.name,
    event_type: run.record.typeName,
    event_id: run.record.id,
    elapsed_seconds: elapsed,
  });
}

function warnSlowHandler(result: EventResult, elapsed: number): void {
  log({
    kind: "slow_handler",
    message: `${result.handler_name} takes long: ${elapsed.toFixed(1)} s`,
    ...subject(result),
    elapsed_seconds: elapsed,
  });
}
