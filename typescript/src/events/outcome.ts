// What becomes of a handler's body: its value or error is committed, if it comes in time and the result is still
// open. The first committed value that counts ends the others where the event asks for one result only.

import { clock } from "./clock.ts";
import { EventHandlerResultSchemaError } from "./errors.ts";
import { log } from "./logger.ts";
import { type EventRecord, type EventResult, type EventRun, RECORD } from "./records.ts";
import { expireRun, finalize, interrupt, stopChildren, stopResults, stopRun, subject, warnBlocked } from "./stop.ts";

function isEvent(value: unknown): boolean {
  return typeof value === "object" && value !== null && RECORD in value;
}

/** Whether the event's limit has passed on the bus of `result`; then the event is ended. */
function pastCap(result: EventResult, now: number, cause?: unknown): boolean {
  const { run } = result;
  const { cap } = run.live;
  if (!cap?.passed(now)) return false;
  warnBlocked(result, cap.seconds);
  expireRun(run, result, cause);
  return true;
}

function settled(result: EventResult): void {
  if (result.final) result.run.bus.abandoned.delete(result);
  else result.live.unsettled = false;
}

export function settleValue(result: EventResult, value: unknown): void {
  settled(result);
  if (result.final) {
    reportLate(result, "returned", undefined);
    return;
  }
  const now = clock().monotonic();
  if (pastCap(result, now)) return;
  const type = result.record.resultType;
  if (type === undefined || value === undefined || isEvent(value)) {
    commit(result, value, now);
    return;
  }
  const checked = type.check(value);
  if (checked.success) {
    commit(result, checked.data, now);
    return;
  }
  const message = `${result.handler_name} returned something else than the result type of ${result.record.typeName}`;
  fail(result, new EventHandlerResultSchemaError(message, result, value, type.declared, checked.error), now);
}

export function settleError(result: EventResult, error: unknown): void {
  const { limitError } = result.live;
  const expired = limitError !== null && error === limitError;
  // A body that is timed out by its own limit goes on; its promise stays open.
  if (!expired || result.final) settled(result);
  if (result.final) {
    if (error !== result.error) reportLate(result, "failed", error);
    return;
  }
  const now = clock().monotonic();
  if (!pastCap(result, now, error)) fail(result, error, now);
}

function fail(result: EventResult, error: unknown, now: number): void {
  const { limitError, limit } = result.live;
  result.error = error;
  finalize(result, "error", now);
  if (!(error instanceof Error) || error !== limitError) return;
  interrupt(result, error);
  stopChildren(result, { text: "its parent timed out", cause: error, timeout_seconds: limit });
}

function reportLate(result: EventResult, what: string, error: unknown): void {
  log({
    kind: "late",
    message: `${result.handler_name} ${what} after its result was final`,
    ...subject(result),
    late: true,
    ...(error === undefined ? {} : { error }),
  });
}

function commit(result: EventResult, value: unknown, now: number): void {
  result.result = value;
  finalize(result, "completed", now);
  const { record } = result;
  if (record.won !== null || !counts(result)) return;
  record.won = result;
  if (wantsOne(result.run)) endLosers(result);
}

function wantsOne(run: EventRun): boolean {
  return run.record.rare.first || run.settings.completion === "first";
}

/** Whether a result can be the winner: a value that is neither undefined nor an event. */
export function counts(result: EventResult): boolean {
  return result.status === "completed" && result.result !== undefined && !isEvent(result.result);
}

function endLosers(result: EventResult): void {
  const { record } = result;
  const reason = { text: `${result.handler_name} was first`, lost: true };
  // A bus's own default speaks for that bus; the event's setting for every bus of its path.
  const everywhere = record.rare.first || record.settings.event_handler_completion === "first";
  for (const run of everywhere ? record.runs : [result.run]) {
    if (run.state === "running") stopResults(run, reason);
    else stopRun(run, reason);
  }
}

/** Asks for one result of an event that may be running: what is committed decides, the rest ends. */
export function wantFirst(record: EventRecord): void {
  if (record.rare.first || record.completed) return;
  record.makeRare().first = true;
  const { winner } = record;
  if (winner !== null) endLosers(winner);
}
