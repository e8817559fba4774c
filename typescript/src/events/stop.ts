// Ending what is not finished: results become Aborted (they had started) or Cancelled (they had not), their children
// end with them, and nothing is waited for. Also the end of a run that had nothing left to do.

import { clock } from "./clock.ts";
import { EventHandlerAbortedError, EventHandlerCancelledError } from "./errors.ts";
import { completeRun } from "./finish.ts";
import { log } from "./logger.ts";
import type { EventRecord, EventResult, EventRun } from "./records.ts";
import { EventResult as Result } from "./records.ts";
import { passOn } from "./serial_lock.ts";
import { stampAt, stampMicros, stampNow } from "./stamps.ts";

/** Why something is ended: the error and the limit to blame, where there are such. */
export interface StopReason {
  readonly text: string;
  readonly cause?: unknown;
  readonly timeout_seconds?: number | null;
  /** Whether another result was first. */
  readonly lost?: boolean;
}

/** Makes `result` final; its handler's promise may still be open. */
export function finalize(result: EventResult, status: "completed" | "error", now: number): void {
  if (result.status === "started") result.entry.running -= 1;
  result.status = status;
  result.completedAt = stampAt(now);
  const { live } = result;
  live.deadline?.cancel();
  live.deadline = null;
  live.monitor?.stop(now);
  live.monitor = null;
  if (live.unsettled) result.run.bus.abandoned.add(result);
  passOn(result.record, result);
  result.run.bus.hooks?.result(result, status);
  const { onFinal } = live;
  live.onFinal = null;
  onFinal?.();
}

/** Interrupts what a handler waits for, after its result became final from outside. */
export function interrupt(result: EventResult, error: Error): void {
  const { waits } = result.live;
  if (waits !== null) {
    result.live.waits = null;
    for (const wait of waits) wait.reject(error);
  }
  result.rare.controller?.abort(error);
}

function stopOne(result: EventResult, reason: StopReason): void {
  const details = { cause: reason.cause, timeout_seconds: reason.timeout_seconds ?? null };
  const started = result.status === "started";
  const error = started
    ? new EventHandlerAbortedError(`${result.handler_name} was stopped: ${reason.text}`, result, details)
    : new EventHandlerCancelledError(`${result.handler_name} never ran: ${reason.text}`, result, details);
  result.error = error;
  if (reason.lost) result.makeRare().lost = true;
  finalize(result, "error", clock().monotonic());
  if (started) interrupt(result, error);
}

/** Ends everything that the handler of `result` emitted. */
export function stopChildren(result: EventResult, reason: StopReason): void {
  if (result.children === null) return;
  for (const child of result.children) stopRecord(child, { ...reason, text: `${result.handler_name} ended early` });
}

/** Ends those results of `run` that are open, and the children of those. */
export function stopResults(run: EventRun, reason: StopReason): EventResult[] {
  const stopped = run.results.filter((result) => !result.final);
  for (const result of stopped) stopOne(result, reason);
  for (const result of stopped) stopChildren(result, withCause(reason, result));
  return stopped;
}

function withCause(reason: StopReason, result: EventResult): StopReason {
  // Only a passed limit is something to blame further down.
  if (reason.timeout_seconds === undefined || reason.timeout_seconds === null) return reason;
  return { ...reason, cause: result.error };
}

export function unqueue(run: EventRun): void {
  const { queueLink } = run.live;
  queueLink?.list?.remove(queueLink);
}

/** Ends `run` now, with everything below it. */
export function stopRun(run: EventRun, reason: StopReason): void {
  switch (run.state) {
    case "final":
      return;
    case "queued":
      unqueue(run);
      fillResults(run);
      break;
    case "waiting":
      run.live.waiter?.lock.withdraw(run.live);
      fillResults(run);
      break;
    case "running":
      break;
    default:
      run.state satisfies never;
  }
  const stopped = stopResults(run, reason);
  const blamed = stopped[0]?.error ?? reason.cause;
  for (const result of run.results) {
    if (!stopped.includes(result)) stopChildren(result, blamed === undefined ? reason : { ...reason, cause: blamed });
  }
  completeRun(run);
  run.bus.release(run);
}

export function stopRecord(record: EventRecord, reason: StopReason): void {
  if (record.completed) return;
  for (const run of record.runs) {
    if (run.state === "final") for (const result of run.results) stopChildren(result, reason);
    else stopRun(run, reason);
  }
}

/** The event's limit has passed on this bus; `late` came back too late, with the error `cause` if it failed. */
export function expireRun(run: EventRun, late?: EventResult, cause?: unknown): void {
  if (run.state === "final") return;
  const seconds = run.settings.timeout;
  const reason = { text: `the event took longer than its ${seconds} s`, timeout_seconds: seconds };
  if (late !== undefined && cause !== undefined) stopOne(late, { ...reason, cause });
  stopRun(run, reason);
}

/** Gives `run` an open result for each of its handlers, once. */
export function fillResults(run: EventRun): void {
  if (run.firstResult !== null) return;
  let last: EventResult | null = null;
  for (const entry of run.bus.handlersFor(run.record.typeName)) {
    const result: EventResult = new Result(run, entry);
    if (last === null) run.firstResult = result;
    else last.next = result;
    last = result;
  }
}

export function warnBlocked(result: EventResult, seconds: number | null): void {
  log({
    kind: "blocked",
    message: `${result.handler_name} could not be interrupted: it came back after its limit of ${seconds} s`,
    ...subject(result),
    elapsed_seconds: result.startedAt === null ? 0 : (stampNow() - stampMicros(result.startedAt)) / 1e6,
  });
}

/** What a log record says about a call. */
export function subject(result: EventResult): {
  bus: string;
  event_type: string;
  event_id: string;
  handler_name: string;
  handler_id: string;
} {
  return {
    bus: result.run.bus.name,
    event_type: result.record.typeName,
    event_id: result.event_id,
    handler_name: result.handler_name,
    handler_id: result.handler_id,
  };
}
