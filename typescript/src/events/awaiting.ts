// Waiting for an event. Outside of handlers it is just that. In a handler it is part of what waits for what: the
// handler's lock is lent out, the awaited event runs at once where it is awaited (`jumps`), and an await that would
// wait for itself is refused.

import { clock } from "./clock.ts";
import { drive } from "./finish.ts";
import { appended } from "./lists.ts";
import { ignore } from "./maybe.ts";
import type { EventRecord, EventResult, EventRun, FrameWait } from "./records.ts";
import { cycleError, eventName, isHopeless } from "./refusing.ts";
import { takeBackHandlerLock, yieldHandlerLock } from "./serial_lock.ts";
import type { Limit } from "./settings.ts";
import { runsAround } from "./waits.ts";

/**
 * Resolves to true when the event is complete and its middlewares have heard of it, to false when that takes longer
 * than `seconds`: null is without end, 0 is not at all. The event itself goes on.
 */
export function awaitEvent(
  record: EventRecord,
  frame: EventResult | null,
  jumps: boolean,
  seconds: Limit = null,
): Promise<boolean> {
  if (record.completed && record.live.hookTail === null) return Promise.resolve(true);
  if (record.firstRun === null) {
    return Promise.reject(new Error(`${eventName(record)} was not emitted, so it never completes`));
  }
  if (seconds === 0) return Promise.resolve(false);
  return frame?.alive ? awaitInHandler(record, frame, jumps, seconds) : awaitOutside(record, seconds);
}

function awaitOutside(record: EventRecord, seconds: Limit): Promise<boolean> {
  return new Promise((resolve) => listen(record, seconds, resolve));
}

/** As `awaitEvent` without end, with `value` as what it resolves to. */
export function awaitEventAs<T>(record: EventRecord, frame: EventResult | null, jumps: boolean, value: T): Promise<T> {
  if (frame === null && !record.completed && record.firstRun !== null) {
    return new Promise((resolve) => listen(record, null, () => resolve(value)));
  }
  return awaitEvent(record, frame, jumps).then(() => value);
}

/** Calls `resume` once: with true when the event is complete, with false after `seconds`. */
function listen(record: EventRecord, seconds: Limit, resume: (complete: boolean) => void): void {
  const { live } = record;
  if (seconds === null) {
    live.waiters = appended(live.waiters, resume);
    return;
  }
  const timer = clock().setTimer(clock().monotonic(), seconds, () => {
    if (live.waiters !== null) live.waiters = live.waiters.filter((each) => each !== inTime);
    resume(false);
  });
  const inTime = (): void => {
    timer.cancel();
    resume(true);
  };
  live.waiters = appended(live.waiters, inTime);
}

function awaitInHandler(record: EventRecord, frame: EventResult, jumps: boolean, seconds: Limit): Promise<boolean> {
  const promise = new Promise<boolean>((resolve, reject) => {
    const refuse = (error: unknown): void => {
      removeWait(wait);
      const back = takeBackHandlerLock(frame);
      if (back === null) reject(error);
      else back.then(() => reject(error));
    };
    const wait: FrameWait = { frame, record, jumps, reject: refuse };
    frame.live.waits ??= new Set();
    frame.live.waits.add(wait);
    record.live.frameWaits = appended(record.live.frameWaits, wait);
    if (isHopeless(wait)) {
      refuse(cycleError(wait));
      return;
    }
    yieldHandlerLock(frame);
    listen(record, seconds, (complete) => {
      removeWait(wait);
      const back = takeBackHandlerLock(frame);
      if (back === null) resolve(complete);
      else back.then(() => resolve(complete));
    });
    if (jumps) {
      // What runs already may wait for a lock that it can enter now.
      if (record.runs.some((run) => run.state !== "queued")) recheckAround(frame.run);
      drive(record);
    }
  });
  // An interrupted handler may never look at it.
  promise.catch(ignore);
  return promise;
}

function recheckAround(run: EventRun): void {
  run.live.lock?.recheck();
  for (const outer of runsAround(run)) outer.live.lock?.recheck();
}

function removeWait(wait: FrameWait): void {
  const { live } = wait.frame;
  if (live.waits?.delete(wait) && live.waits.size === 0) live.waits = null;
  const awaited = wait.record.live;
  if (awaited.frameWaits !== null) awaited.frameWaits = awaited.frameWaits.filter((each) => each !== wait);
}
