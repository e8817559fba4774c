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
  run.cap?.cancel();
  run.monitor?.cancel();
  // Whoever waits for the event finds its lock free.
  run.lock?.leave(run);
  const { record } = run;
  record.openRuns -= 1;
  if (record.openRuns === 0 && record.openChildren === 0) {
    completeUpwards(record);
    return;
  }
  if (record.frameWaits === null && record.holds === null) return;
  if (record.openRuns === 0 && isJumped(record)) driveChildren(record);
  refuseAtRest(record);
}

/** Runs what of an awaited event has not started, and what holds it open when its handlers have ended. */
export function drive(record: EventRecord): void {
  for (const run of [...record.runs]) if (!run.started) run.bus.takeOver(run);
  if (record.openRuns === 0 && !record.completed) driveChildren(record);
}

function driveChildren(record: EventRecord): void {
  for (const child of [...record.children()]) if (!child.completed) drive(child);
}

function completeUpwards(first: EventRecord): void {
  for (let record: EventRecord | null = first; record !== null; ) {
    complete(record);
    const parent: EventRecord | null = record.holds;
    if (parent === null) return;
    record.holds = null;
    parent.openChildren -= 1;
    if (parent.completed) return;
    if (parent.openChildren > 0 || parent.openRuns > 0) {
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
  for (const run of record.runs) {
    run.bus.history.completed(run);
    run.bus.hooks?.event(record, "completed");
  }
  if (record.hookTail === null) announce(record);
  else record.hookTail.then(() => announce(record));
}

function announce(record: EventRecord): void {
  const waiters = record.waiters;
  record.waiters = null;
  record.announced = true;
  if (waiters !== null) for (const resume of waiters) resume(true);
  for (const run of record.runs) {
    run.bus.finished(run);
    run.retire();
  }
  record.context = null;
  record.facade = null;
}
