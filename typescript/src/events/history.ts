// What a bus remembers: its events, oldest first, as many as it may keep. Trimming takes constant time: completed
// ones go first, then started, then pending ones; only the memory of them goes, never their processing.
// Runs are linked to each other, without objects between them: what is remembered is most of what a bus keeps in memory.

import { EventHistoryFullError } from "./errors.ts";
import type { EventRun, History } from "./records.ts";

/** The remembered runs in one state, in the order in which they got there. */
class Shelf {
  oldest: EventRun | null = null;
  private newest: EventRun | null = null;

  push(run: EventRun): void {
    run.shelf = this;
    run.before = this.newest;
    if (this.newest === null) this.oldest = run;
    else this.newest.after = run;
    this.newest = run;
  }

  remove(run: EventRun): void {
    if (run.before === null) this.oldest = run.after;
    else run.before.after = run.after;
    if (run.after === null) this.newest = run.before;
    else run.after.before = run.before;
    run.shelf = null;
    run.before = null;
    run.after = null;
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
  private readonly completedRuns = new Shelf();

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
    this.move(run, this.startedRuns);
  }

  completed(run: EventRun): void {
    this.move(run, this.completedRuns);
    this.trim();
  }

  clear(): void {
    for (const run of this.oldestFirst()) this.forget(run);
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

  private move(run: EventRun, shelf: Shelf): void {
    const from = this.shelfOf(run);
    if (from === null) return;
    from.remove(run);
    shelf.push(run);
  }

  /** Where `run` stands; null when it was forgotten. */
  private shelfOf(run: EventRun): Shelf | null {
    return run.shelf as Shelf | null;
  }

  private forget(run: EventRun): void {
    if (run.older === null) this.oldest = run.newer;
    else run.older.newer = run.newer;
    if (run.newer === null) this.newest = run.older;
    else run.newer.older = run.older;
    run.older = null;
    run.newer = null;
    this.count -= 1;
    this.shelfOf(run)?.remove(run);
  }

  private trim(): void {
    if (this.size === null) return;
    while (this.count > this.size) {
      const run =
        this.completedRuns.oldest ?? (this.size === 0 ? null : (this.startedRuns.oldest ?? this.pendingRuns.oldest));
      if (run === null) return;
      this.forget(run);
    }
  }
}
