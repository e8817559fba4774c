// Reading what became of an event: the first value, one result, all results. Errors of handlers come out here, one as
// it is, several together; a value that was thrown but is no Error is wrapped.

import { awaitEvent } from "./awaiting.ts";
import { EventHandlerError, WaitTimeoutError } from "./errors.ts";
import { counts, wantFirst } from "./outcome.ts";
import type { EventRecord, EventResult } from "./records.ts";
import { checkWait, type Limit } from "./settings.ts";

export interface ReadOptions {
  /** Seconds to wait; null is without end, 0 is not at all. */
  timeout?: Limit;
  raise_if_any?: boolean;
  raise_if_none?: boolean;
}

export interface ResultOptions<R = unknown> extends ReadOptions {
  /** Which results count; by default those with a value that is neither undefined nor an event. */
  include?: (result: EventResult<R>) => boolean;
}

function errorOf(result: EventResult): unknown {
  const { error } = result;
  if (error instanceof Error) return error;
  return new EventHandlerError(`${result.handler_name} threw something that is no Error`, result, { cause: error });
}

/** Results that were ended because another one was first are no failures of their handlers. */
function failed(result: EventResult): boolean {
  return result.status === "error" && !result.rare.lost;
}

function raiseErrors(record: EventRecord): void {
  const errors = record.results().filter(failed).map(errorOf);
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, `${errors.length} handlers of ${record.typeName} failed`);
}

function noValue(record: EventRecord): Error {
  return new Error(`no handler of ${record.typeName} returned a value`);
}

export async function firstValue(
  record: EventRecord,
  frame: EventResult | null,
  options: ReadOptions,
): Promise<unknown> {
  const { timeout = null, raise_if_any = false, raise_if_none = false } = options;
  checkWait("timeout", timeout);
  wantFirst(record);
  if (!(await awaitEvent(record, frame, true, timeout))) return undefined;
  if (raise_if_any) raiseErrors(record);
  const { won } = record;
  if (won === null && raise_if_none) throw noValue(record);
  return won?.result;
}

export async function resultValues(
  record: EventRecord,
  frame: EventResult | null,
  options: ResultOptions,
): Promise<unknown[]> {
  const { timeout = null, include = counts, raise_if_any = true, raise_if_none = true } = options;
  checkWait("timeout", timeout);
  if (!(await awaitEvent(record, frame, true, timeout))) {
    throw new WaitTimeoutError(`waited ${timeout} s for the result of ${record.typeName}`);
  }
  if (raise_if_any) raiseErrors(record);
  const values = record.results().filter((result) => result.status === "completed" && include(result));
  if (values.length === 0 && raise_if_none) throw noValue(record);
  return values.map((result) => result.result);
}

export async function resultValue(
  record: EventRecord,
  frame: EventResult | null,
  options: ResultOptions,
): Promise<unknown> {
  return (await resultValues(record, frame, options))[0];
}
