// Who waits for whom. Running handlers wait for events, events for their children, runs for locks and for the loop of
// their bus. Answers two questions: does this one wait for that one (then it lets it into its lock), and would this
// await wait for itself (then it must not be). Changes nothing.

import type { EventLock, Hold } from "./lock.ts";
import { type EventRecord, type EventResult, type EventRun, type FrameWait, runOfHold } from "./records.ts";

/** The waits of running handlers for `record`, or for an event that it holds open; up to what was `seen` before. */
export function* waitsFor(record: EventRecord, seen?: Set<EventRecord>): Generator<FrameWait> {
  for (let at: EventRecord | null = record; at !== null && !at.completed; at = at.live.holds) {
    if (seen !== undefined) {
      if (seen.has(at)) return;
      seen.add(at);
    }
    const { frameWaits } = at.live;
    if (frameWaits !== null) for (const wait of frameWaits) if (wait.frame.alive) yield wait;
  }
}

/** Whether a running handler awaits the event, or one that it holds open, and runs it thereby. */
export function isJumped(record: EventRecord): boolean {
  for (const wait of waitsFor(record)) if (wait.jumps) return true;
  return false;
}

/** All runs in whose execution `run` stands: they await it, directly or not, and run it thereby. */
export function* runsAround(run: EventRun): Generator<EventRun> {
  const seen = new Set<EventRun>();
  const seenRecords = new Set<EventRecord>();
  const open = [run];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const wait of waitsFor(at.record, seenRecords)) {
      const outer = wait.frame.run;
      if (!wait.jumps || seen.has(outer)) continue;
      seen.add(outer);
      open.push(outer);
      yield outer;
    }
  }
}

export function waitsForRun(holder: Hold, comer: Hold): boolean {
  const run = runOfHold(comer);
  if (run === null) return false;
  for (const outer of runsAround(run)) if (outer.live === holder) return true;
  return false;
}

/** Whether handlers of the event run, or of what holds it open. */
export function runsBelow(record: EventRecord): boolean {
  if (record.completed) return false;
  if (record.running) return true;
  for (const child of record.children()) if (runsBelow(child)) return true;
  return false;
}

export type LockOf = (run: EventRun) => EventLock | null;

/** Looks for what the end of an event depends on: whether that is, somewhere, the end of `target`. */
export class Dependencies {
  private readonly target: EventRun;
  private readonly lockOf: LockOf;
  /** Whether only that blocks an event which no handler of it could change. */
  private readonly atRest: boolean;
  /** What cannot be complete before the target is. */
  private readonly held = new Set<EventRecord>();
  /** Of a cycle that was found: the last await before what is blocked. */
  lastWait: FrameWait | null = null;
  private readonly seen = new Set<EventRecord | EventRun>();
  private readonly seenRunning = new Set<EventRecord | EventRun>();

  constructor(target: EventRun, lockOf: LockOf, atRest: boolean) {
    this.target = target;
    this.atRest = atRest;
    for (let at: EventRecord | null = target.record; at !== null; at = at.live.holds) this.held.add(at);
    this.lockOf = lockOf;
  }

  /** `jumps`: what of it has not started runs where it is awaited, and does not wait for its bus's loop. */
  reaches(record: EventRecord, jumps: boolean): boolean {
    if (this.held.has(record)) return true;
    return this.visit(record, jumps, !this.atRest || !runsBelow(record));
  }

  /** Where something below runs (not `calm`), only what those handlers await is blocked for good. */
  private visit(record: EventRecord, jumps: boolean, calm: boolean): boolean {
    if (this.held.has(record)) return true;
    const seen = calm ? this.seen : this.seenRunning;
    if (record.completed || seen.has(record)) return false;
    seen.add(record);
    for (const run of record.runs) {
      if ((calm || run.state === "running") && this.reachesFrom(run, jumps)) return true;
    }
    // Children count when no handler runs: those that do are looked at above, and may run on.
    if (calm && record.running) return false;
    for (const child of record.children()) if (this.visit(child, jumps, calm)) return true;
    return false;
  }

  private reachesFrom(run: EventRun, jumps: boolean): boolean {
    if (run === this.target) return true;
    if (this.seen.has(run)) return false;
    this.seen.add(run);
    switch (run.state) {
      case "final":
        return false;
      case "running": {
        const holder = run.record.live.serialHolder;
        if (holder !== null && this.reachesFromFrame(holder)) return true;
        return run.results.some((result) => result.alive && this.reachesFromFrame(result));
      }
      case "waiting":
        return this.reachesThroughLock(run);
      case "queued": {
        const { looping } = run.bus;
        if (!jumps && looping !== null && this.reachesFrom(looping, false)) return true;
        return this.reachesThroughLock(run);
      }
      default:
        return run.state satisfies never;
    }
  }

  private reachesFromFrame(frame: EventResult): boolean {
    const { waits, yielded } = frame.live;
    if (waits === null) return false;
    for (const wait of waits) {
      if (!this.reaches(wait.record, wait.jumps)) continue;
      this.lastWait ??= wait;
      return true;
    }
    // To go on it takes back the handler lock that it lent out.
    const holder = yielded ? frame.record.live.serialHolder : null;
    return holder !== null && holder !== frame && this.reachesFrom(holder.run, false);
  }

  private reachesThroughLock(run: EventRun): boolean {
    const lock = this.lockOf(run);
    if (lock === null) return false;
    for (const hold of lock.obstacles(run.live)) {
      const holder = runOfHold(hold);
      if (holder !== null && this.reachesFrom(holder, false)) return true;
    }
    return false;
  }
}
