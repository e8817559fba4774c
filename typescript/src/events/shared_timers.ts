// Many timers on one timer of the host: setting and cancelling take constant time. Timers of the same length stand
// in one list, which is therefore in the order of their deadlines. The host's timer is let go once the current
// macrotask ends with nobody left, so a burst of short bodies costs one host timer and not one each.

import { Fifo, Link } from "./fifo.ts";

/** The longest delay that the hosts' timers take. */
const longestDelay = 0x7fffffff;

interface HostTimers {
  setImmediate?: (task: () => void) => unknown;
}

/** Runs `task` after the current macrotask and all its microtasks. */
function defer(task: () => void): void {
  const host: HostTimers = globalThis;
  if (host.setImmediate) host.setImmediate(task);
  else setTimeout(task, 0);
}

/** A link whose owner is what it calls. */
export class SharedTimer extends Link<() => void> {
  private readonly timers: SharedTimers;
  readonly deadline: number;

  constructor(timers: SharedTimers, deadline: number, ring: () => void) {
    super(ring);
    this.timers = timers;
    this.deadline = deadline;
  }

  cancel(): void {
    const list = this.list;
    if (list === null) return;
    list.remove(this);
    this.timers.removed();
  }
}

/** Timers of one length. */
class Timers extends Fifo<() => void> {
  get first(): SharedTimer | null {
    return this.oldest as SharedTimer | null;
  }
}

export class SharedTimers {
  private readonly lists = new Map<number, Timers>();
  private count = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private timerDeadline = Number.POSITIVE_INFINITY;
  private tidying = false;

  /** `start` is a reading of the host's monotonic clock, in milliseconds, not older than the one of the call before. */
  set(start: number, seconds: number, ring: () => void): SharedTimer {
    const timer = new SharedTimer(this, start + seconds * 1000, ring);
    let list = this.lists.get(seconds);
    if (list === undefined) {
      list = new Timers();
      this.lists.set(seconds, list);
    }
    list.push(timer);
    this.count += 1;
    if (timer.deadline < this.timerDeadline) this.arm(timer.deadline);
    return timer;
  }

  removed(): void {
    this.count -= 1;
    if (this.count > 0 || this.tidying) return;
    this.tidying = true;
    defer(() => this.tidy());
  }

  private tidy(): void {
    this.tidying = false;
    if (this.count > 0) return;
    this.disarm();
    this.lists.clear();
  }

  private arm(deadline: number): void {
    this.disarm();
    this.timerDeadline = deadline;
    const delay = Math.min(Math.max(Math.ceil(deadline - performance.now()), 0), longestDelay);
    this.timer = setTimeout(() => this.fire(), delay);
  }

  private disarm(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.timerDeadline = Number.POSITIVE_INFINITY;
  }

  private fire(): void {
    this.timer = null;
    this.timerDeadline = Number.POSITIVE_INFINITY;
    for (const timer of this.takeDue(performance.now())) {
      try {
        timer.owner();
      } catch (error) {
        // One that fails must not silence the others; the host hears of it.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
    this.rearm();
  }

  private takeDue(now: number): SharedTimer[] {
    const due: SharedTimer[] = [];
    for (const [seconds, list] of this.lists) {
      for (let timer = list.first; timer !== null && timer.deadline <= now; timer = list.first) {
        list.remove(timer);
        due.push(timer);
      }
      if (list.size === 0) this.lists.delete(seconds);
    }
    this.count -= due.length;
    return due.sort((a, b) => a.deadline - b.deadline);
  }

  private rearm(): void {
    let next = Number.POSITIVE_INFINITY;
    for (const list of this.lists.values()) {
      if (list.first !== null) next = Math.min(next, list.first.deadline);
    }
    if (next < this.timerDeadline) this.arm(next);
  }
}
