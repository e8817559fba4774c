// What a bus remembers: its events, oldest first, as many as it may keep. Trimming takes constant time: completed
// ones go first, then started, then pending ones; only the memory of them goes, never their processing. To remember or
// forget one touches no event beside it: those of a large memory are far from each other.

import { Blocks } from "./blocks.ts";
import { EventHistoryFullError } from "./errors.ts";
import type { EventRun, History } from "./records.ts";

/** The remembered runs in one state that is not the last, in the order in which they got there. */
class Shelf {
  oldest: EventRun | null = null;
  private newest: EventRun | null = null;

  push(run: EventRun): void {
    const { live } = run;
    live.shelf = this;
    live.before = this.newest;
    if (this.newest === null) this.oldest = run;
    else this.newest.live.after = run;
    this.newest = run;
  }

  remove(run: EventRun): void {
    const { live } = run;
    const { before, after } = live;
    if (before === null) this.oldest = after;
    else before.live.after = after;
    if (after === null) this.newest = before;
    else after.live.before = before;
    live.shelf = null;
    live.before = null;
    live.after = null;
  }
}

export class BusHistory implements History {
  private readonly size: number | null;
  private readonly drop: boolean;
  private runs = new Blocks<EventRun>();
  private readonly pendingRuns = new Shelf();
  private readonly startedRuns = new Shelf();
  /** Those that are complete, in the order in which they first were; each knows the next. */
  private firstCompleted: EventRun | null = null;
  private lastCompleted: EventRun | null = null;

  constructor(size: number | null, drop: boolean) {
    this.size = size;
    this.drop = drop;
  }

  /** Throws when one more event cannot be remembered and none may be forgotten. */
  checkRoom(unfinished: number): void {
    if (this.drop || this.size === null || this.size === 0 || unfinished < this.size) return;
    throw new EventHistoryFullError(`${unfinished} events are unfinished, and max_history_size is ${this.size}`);
  }

  add(run: EventRun): void {
    run.block = this.runs.push(run);
    this.pendingRuns.push(run);
    this.trim();
  }

  started(run: EventRun): void {
    const shelf = shelfOf(run);
    if (shelf === null) return;
    shelf.remove(run);
    this.startedRuns.push(run);
  }

  completed(run: EventRun): void {
    const shelf = shelfOf(run);
    if (shelf === null) return;
    shelf.remove(run);
    if (this.lastCompleted === null) this.firstCompleted = run;
    else this.lastCompleted.nextCompleted = run;
    this.lastCompleted = run;
    this.trim();
  }

  clear(): void {
    for (const run of this.runs.oldestFirst()) {
      shelfOf(run)?.remove(run);
      run.block = null;
      run.nextCompleted = null;
    }
    this.runs = new Blocks();
    this.firstCompleted = null;
    this.lastCompleted = null;
  }

  oldestFirst(): Generator<EventRun> {
    return this.runs.oldestFirst();
  }

  newestFirst(): Generator<EventRun> {
    return this.runs.newestFirst();
  }

  get length(): number {
    return this.runs.length;
  }

  private forget(run: EventRun): void {
    if (run.block !== null) this.runs.remove(run.block, run);
    run.block = null;
    shelfOf(run)?.remove(run);
  }

  private forgetFirstCompleted(run: EventRun): void {
    this.firstCompleted = run.nextCompleted;
    if (run.nextCompleted === null) this.lastCompleted = null;
    run.nextCompleted = null;
    this.forget(run);
  }

  private trim(): void {
    if (this.size === null) return;
    while (this.runs.length > this.size) {
      const completed = this.firstCompleted;
      if (completed !== null) {
        this.forgetFirstCompleted(completed);
        continue;
      }
      const run = this.size === 0 ? null : (this.startedRuns.oldest ?? this.pendingRuns.oldest);
      if (run === null) return;
      this.forget(run);
    }
  }
}

/** Where `run` stands; null when it is complete or was forgotten. */
function shelfOf(run: EventRun): Shelf | null {
  return run.live.shelf as Shelf | null;
}
