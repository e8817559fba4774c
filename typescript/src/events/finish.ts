// How an event becomes complete: when it is final on every bus of its path and its children are complete, and then
// perhaps its parent. Whoever waits for it goes on after the middlewares heard of it.

import type { EventRecord, EventRun } from "./records.ts";
import { refuseAtRest } from "./refusing.ts";
import { stampNow } from "./stamps.ts";
import { isJumped } from "./waits.ts";

/** The processing of an event on one bus has ended. */
export function completeRun(run: EventRun): void {
  if (run.state === "final") return;
  run.state = "final";
  const hold = run.live;
  hold.cap?.cancel();
  hold.monitor?.cancel();
  // Whoever waits for the event finds its lock free.
  hold.lock?.leave(hold);
  const { record } = run;
  const { live } = record;
  live.openRuns -= 1;
  if (live.openRuns === 0 && live.openChildren === 0) {
    completeUpwards(record);
    return;
  }
  if (live.frameWaits === null && live.holds === null) return;
  if (live.openRuns === 0 && isJumped(record)) driveChildren(record);
  refuseAtRest(record);
}

/** Runs what of an awaited event has not started, and what holds it open when its handlers have ended. */
export function drive(record: EventRecord): void {
  for (const run of record.runs) if (!run.started) run.bus.takeOver(run);
  if (record.live.openRuns === 0 && !record.completed) driveChildren(record);
}

function driveChildren(record: EventRecord): void {
  for (const child of [...record.children()]) if (!child.completed) drive(child);
}

function completeUpwards(first: EventRecord): void {
  for (let record: EventRecord | null = first; record !== null; ) {
    const parent: EventRecord | null = record.live.holds;
    record.live.holds = null;
    complete(record);
    if (parent === null || parent.completed) return;
    parent.live.openChildren -= 1;
    if (parent.live.openChildren > 0 || parent.live.openRuns > 0) {
      // What ran below it has ended; what is left may be blocked.
      if (!parent.running) refuseAtRest(parent);
      return;
    }
    record = parent;
  }
}

function complete(record: EventRecord): void {
  record.status = "completed";
  record.completedAt = stampNow();
  for (let run = record.firstRun; run !== null; run = run.next) {
    run.bus.history.completed(run);
    run.bus.hooks?.event(record, "completed");
  }
  const { hookTail } = record.live;
  if (hookTail === null) announce(record);
  else hookTail.then(() => announce(record));
}

function announce(record: EventRecord): void {
  // Or one more bus got it while the middlewares heard that it was complete.
  if (!record.completed) return;
  const { waiters } = record.live;
  if (waiters !== null) {
    record.live.waiters = null;
    for (const resume of waiters) resume(true);
  }
  for (let run = record.firstRun; run !== null; run = run.next) run.bus.finished(run);
  record.close();
}
