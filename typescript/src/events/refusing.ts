// Awaits that would wait for themselves are refused: never a deadlock. A new await is refused when it closes a cycle.
// Where a lock, a queue or a child closes it, the await of what is blocked thereby is refused, and nothing that runs.

import { EventCycleError } from "./errors.ts";
import { lockOf } from "./lock_manager.ts";
import { type EventRecord, EventRun, type FrameWait } from "./records.ts";
import { Dependencies, waitsFor } from "./waits.ts";

export function eventName(record: EventRecord): string {
  return `${record.typeName} ${record.id}`;
}

export function cycleError({ frame, record }: FrameWait): EventCycleError {
  const waiting = `${frame.handler_name}, which handles ${eventName(frame.record)},`;
  return new EventCycleError(`${waiting} awaits ${eventName(record)}, which waits for that handler`);
}

/** Whether `wait`, which counts already, can only end after the handler that waits. */
export function isHopeless(wait: FrameWait): boolean {
  return new Dependencies(wait.frame.run, lockOf).reaches(wait.record, wait.jumps);
}

/** Refuses, in each cycle that goes through one of `waits`, the last await before what does not run. */
function refuseLast(waits: Iterable<FrameWait>): void {
  for (const wait of [...waits]) {
    const search = new Dependencies(wait.frame.run, lockOf);
    if (!search.reaches(wait.record, wait.jumps)) continue;
    const last = search.lastWait ?? wait;
    last.reject(cycleError(last));
  }
}

/** The awaits of `record`, and of what has ended but for it. */
function* waitsAtRest(record: EventRecord): Generator<FrameWait> {
  for (const wait of waitsFor(record)) {
    let at: EventRecord | null = record;
    while (at !== null && at !== wait.record && at.holds?.openRuns === 0) at = at.holds;
    if (at === wait.record) yield wait;
  }
}

/** `run` has begun to wait for a lock. */
export function refuseAtLock(run: EventRun): void {
  refuseAtRest(run.record);
  // Or it keeps something else from its turn, which a holder of the lock awaits.
  const lock = lockOf(run);
  for (const holder of lock === null ? [] : [...lock.obstacles(run)]) {
    if (!(holder instanceof EventRun)) continue;
    for (const result of holder.results) if (result.alive && result.waits !== null) refuseLast(result.waits);
  }
}

/** `record` waits in one more queue, or has ended but for its children. */
export function refuseAtRest(record: EventRecord): void {
  for (const wait of [...waitsAtRest(record)]) if (isHopeless(wait)) wait.reject(cycleError(wait));
}
