// Awaits that would wait for themselves are refused: never a deadlock. A new await is refused when it closes a cycle.
// Where a lock, a queue or a child closes it, the await of what is blocked thereby is refused, and nothing that runs.

import { EventCycleError } from "./errors.ts";
import { lockOf } from "./lock_manager.ts";
import { type EventRecord, type EventRun, type FrameWait, runOfHold } from "./records.ts";
import { Dependencies, runsBelow } from "./waits.ts";

export function eventName(record: EventRecord): string {
  return `${record.typeName} ${record.id}`;
}

export function cycleError({ frame, record }: FrameWait): EventCycleError {
  const waiting = `${frame.handler_name}, which handles ${eventName(frame.record)},`;
  return new EventCycleError(`${waiting} awaits ${eventName(record)}, which waits for that handler`);
}

/** Whether `wait`, which counts already, can only end after the handler that waits. */
export function isHopeless(wait: FrameWait): boolean {
  return new Dependencies(wait.frame.run, lockOf, false).reaches(wait.record, wait.jumps);
}

/** Refuses, in each cycle that goes through one of `waits`, the last await before what does not run. */
function refuseLast(waits: Iterable<FrameWait>): void {
  for (const wait of [...waits]) {
    const search = new Dependencies(wait.frame.run, lockOf, true);
    if (!search.reaches(wait.record, wait.jumps)) continue;
    const last = search.lastWait ?? wait;
    last.reject(cycleError(last));
  }
}

/** The awaits of `record`, and of what it holds open, where no handler of those runs any more. */
function* waitsAtRest(record: EventRecord): Generator<FrameWait> {
  for (let at: EventRecord | null = record; at !== null && !at.completed && !at.running; at = at.live.holds) {
    const { frameWaits } = at.live;
    if (frameWaits !== null && !runsBelow(at)) for (const wait of frameWaits) if (wait.frame.alive) yield wait;
  }
}

/** `run` has begun to wait for a lock. */
export function refuseAtLock(run: EventRun): void {
  refuseAtRest(run.record);
  // Or it keeps something else from its turn, which a holder of the lock awaits.
  const lock = lockOf(run);
  for (const hold of lock === null ? [] : [...lock.obstacles(run.live)]) {
    for (const { alive, live } of runOfHold(hold)?.results ?? []) {
      if (alive && live.waits !== null) refuseLast(live.waits);
    }
  }
}

/** `record` waits in one more queue, or the last of its handlers that ran has ended. */
export function refuseAtRest(record: EventRecord): void {
  for (const wait of [...waitsAtRest(record)]) if (isHopeless(wait)) wait.reject(cycleError(wait));
}
