// What a bus remembers: its events, oldest first, as many as it may keep. Trimming takes constant time: completed
// ones go first, then started, then pending ones; only the memory of them goes, never their processing.
// Runs are linked to each other, without objects between them: what is remembered is most of what a bus keeps in memory.

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
  private oldest: EventRun | null = null;
  private newest: EventRun | null = null;
  private count = 0;
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
    run.older = this.newest;
    if (this.newest === null) this.oldest = run;
    else this.newest.newer = run;
    this.newest = run;
    this.count += 1;
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
    for (const run of this.oldestFirst()) {
      run.nextCompleted = null;
      this.forget(run);
    }
    this.firstCompleted = null;
    this.lastCompleted = null;
  }

  *oldestFirst(): Generator<EventRun> {
    for (let run = this.oldest; run !== null; ) {
      const next: EventRun | null = run.newer;
      yield run;
      run = next;
    }
  }

  *newestFirst(): Generator<EventRun> {
    for (let run = this.newest; run !== null; run = run.older) yield run;
  }

  get length(): number {
    return this.count;
  }

  private forget(run: EventRun): void {
    if (run.older === null) this.oldest = run.newer;
    else run.older.newer = run.newer;
    if (run.newer === null) this.newest = run.older;
    else run.newer.older = run.older;
    run.older = null;
    run.newer = null;
    this.count -= 1;
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
    while (this.count > this.size) {
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
