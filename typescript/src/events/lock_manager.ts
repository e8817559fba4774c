// The policy of locks, behind the scopes that the processing uses. This one keeps its locks in memory; a bus takes
// another with the option `lock_manager`.

import { callInContext } from "./context.ts";
import type { EventLock, Hold } from "./lock.ts";
import { isThenable, type MaybePromise } from "./maybe.ts";
import {
  type Bus,
  type EventFacade,
  type EventResult,
  type EventRun,
  FRAME,
  type LockManager,
  RECORD,
} from "./records.ts";
import { enterSerial } from "./serial_lock.ts";

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
    const hold = run.live;
    if (lock.tryEnter(hold)) return inside(lock, hold, fn);
    return lock.wait(hold).then((entered) => (entered ? inside(lock, hold, fn) : undefined));
  }

  withHandlerLock(event: EventFacade, result: EventResult, fn: () => MaybePromise<void>): MaybePromise<void> {
    if (result.run.settings.handlerConcurrency === "parallel") return fn();
    const record = event[RECORD];
    if (record.live.serialHolder !== null) return enterSerial(record, result, false).then(fn);
    record.live.serialHolder = result;
    return fn();
  }

  withHandlerDispatchContext<T>(event: EventFacade, fn: () => T): T {
    const frame = event[FRAME];
    return frame === null ? fn() : callInContext(frame, fn);
  }
}

/** Runs `fn` in the lock. A run that goes on leaves it by itself as soon as its handlers have ended. */
function inside(lock: EventLock, hold: Hold, fn: () => MaybePromise<void>): MaybePromise<void> {
  try {
    const outcome = fn();
    if (!isThenable(outcome)) lock.leave(hold);
    return outcome;
  } catch (error) {
    lock.leave(hold);
    throw error;
  }
}
