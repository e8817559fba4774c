// What a bus remembers: its events, oldest first, as many as it may keep. Trimming takes constant time: completed
// ones go first, then started, then pending ones; only the memory of them goes, never their processing.

import { EventHistoryFullError } from "./errors.ts";
import { Fifo } from "./fifo.ts";
import type { EventRun, History } from "./records.ts";

export class BusHistory implements History {
  private readonly size: number | null;
  private readonly drop: boolean;
  private readonly order = new Fifo<EventRun>();
  private readonly pendingRuns = new Fifo<EventRun>();
  private readonly startedRuns = new Fifo<EventRun>();
  private readonly completedRuns = new Fifo<EventRun>();

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
    this.order.push(run.historyLink);
    this.pendingRuns.push(run.statusLink);
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
    for (const run of this.order) this.forget(run);
  }

  oldestFirst(): Iterable<EventRun> {
    return this.order;
  }

  newestFirst(): Iterable<EventRun> {
    return this.order.newestFirst();
  }

  get length(): number {
    return this.order.size;
  }

  private move(run: EventRun, list: Fifo<EventRun>): void {
    if (run.historyLink.list === null) return;
    run.statusLink.list?.remove(run.statusLink);
    list.push(run.statusLink);
  }

  private forget(run: EventRun): void {
    this.order.remove(run.historyLink);
    run.statusLink.list?.remove(run.statusLink);
  }

  private trim(): void {
    if (this.size === null) return;
    while (this.order.size > this.size) {
      const link =
        this.completedRuns.oldest ?? (this.size === 0 ? null : (this.startedRuns.oldest ?? this.pendingRuns.oldest));
      if (link === null) return;
      this.forget(link.owner);
    }
  }
}
