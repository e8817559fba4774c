// The policy of locks, behind the scopes that the processing uses. This one keeps its locks in memory; a bus takes
// another with the option `lock_manager`.

import { callInContext } from "./context.ts";
import type { EventLock } from "./lock.ts";
import { type MaybePromise, withCleanup } from "./maybe.ts";
import {
  type Bus,
  type EventFacade,
  type EventRecord,
  type EventResult,
  type EventRun,
  FRAME,
  type LockManager,
  RECORD,
} from "./records.ts";

export function lockOf(run: EventRun): EventLock | null {
  const mode = run.settings.concurrency;
  switch (mode) {
    case "parallel":
      return null;
    case "bus-serial":
      return run.bus.lock;
    case "global-serial":
      return run.bus.globalLock;
    default:
      return mode satisfies never;
  }
}

export class InMemoryLockManager implements LockManager {
  private readonly bus: Bus;

  constructor(bus: Bus) {
    this.bus = bus;
  }

  private runOf(event: EventFacade): EventRun {
    const run = event[RECORD].runOn(this.bus);
    if (run === null) throw new Error(`${event.event_type} was not emitted on ${this.bus.name}`);
    return run;
  }

  getLockForEvent(event: EventFacade): EventLock | null {
    return lockOf(this.runOf(event));
  }

  withEventLock(event: EventFacade, fn: () => MaybePromise<void>): MaybePromise<void> {
    const run = this.runOf(event);
    const lock = lockOf(run);
    if (lock === null) return fn();
    const unlock = (): void => lock.leave(run);
    if (lock.tryEnter(run)) return withCleanup(fn, unlock);
    return lock.wait(run).then((entered) => (entered ? withCleanup(fn, unlock) : undefined));
  }

  withHandlerLock(event: EventFacade, result: EventResult, fn: () => MaybePromise<void>): MaybePromise<void> {
    if (result.run.settings.handlerConcurrency === "parallel") return fn();
    const record = event[RECORD];
    const unlock = (): void => passOn(record, result);
    if (record.serialHolder === null) {
      record.serialHolder = result;
      return withCleanup(fn, unlock);
    }
    return enterSerial(record, result, false).then(() => withCleanup(fn, unlock));
  }

  withHandlerDispatchContext<T>(event: EventFacade, fn: () => T): T {
    const frame = event[FRAME];
    return frame === null ? fn() : callInContext(frame, fn);
  }
}

function enterSerial(record: EventRecord, result: EventResult, isBack: boolean): Promise<void> {
  return new Promise((enter) => {
    record.serialWaiters ??= [];
    if (isBack) record.serialWaiters.unshift({ result, enter });
    else record.serialWaiters.push({ result, enter });
  });
}

/** Lets the next serial handler of the event in, if `result` is the one that keeps it out. */
function passOn(record: EventRecord, result: EventResult): void {
  if (record.serialHolder !== result) return;
  record.serialHolder = null;
  for (let next = record.serialWaiters?.shift(); next; next = record.serialWaiters?.shift()) {
    // One that ended while it waited passes through without keeping anybody out.
    if (!next.result.final) record.serialHolder = next.result;
    next.enter();
    if (record.serialHolder !== null) return;
  }
}

/** A handler that awaits gives the event's handler lock away meanwhile. */
export function yieldHandlerLock(frame: EventResult): void {
  if (frame.record.serialHolder !== frame) return;
  frame.yielded = true;
  passOn(frame.record, frame);
}

/** Takes it back before the handler goes on, unless the handler has ended or awaits something else still. */
export function takeBackHandlerLock(frame: EventResult): Promise<void> | null {
  if (!frame.yielded || !frame.alive || frame.waits !== null) return null;
  frame.yielded = false;
  const { record } = frame;
  if (record.serialHolder === null) {
    record.serialHolder = frame;
    return null;
  }
  return enterSerial(record, frame, true);
}
