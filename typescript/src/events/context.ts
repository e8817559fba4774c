// The asynchronous context in use: the host's, or none. A switch for tests, which run everything in both.

import { type AsyncContext, hostAsyncContext } from "./async_context.ts";
import type { EventRecord, EventResult } from "./records.ts";

const host: AsyncContext<EventResult> | null = hostAsyncContext<EventResult>();
let active = host;

/** Whether there is asynchronous context after the call; it never is where the host has none. */
export function useAsyncContext(on: boolean): boolean {
  active = on ? host : null;
  return active !== null;
}

export function captureContext(record: EventRecord): void {
  if (active !== null) record.live.context = active.capture();
}

/** The running handler that the caller stands in, as far as the host knows. */
export function ambientFrame(): EventResult | null {
  const frame = active === null ? null : active.currentFrame();
  return frame?.alive ? frame : null;
}

/** Calls `fn` in the context of `frame`'s event, as a part of `frame`. */
export function callInContext<T>(frame: EventResult, fn: () => T): T {
  const { context } = frame.record.live;
  return active === null || context === null ? fn() : active.enter(context, frame, fn);
}
