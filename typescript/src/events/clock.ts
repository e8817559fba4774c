// The only door to time: the monotonic clock, the wall clock and timers. Everything else asks here, so that a test
// can put a virtual clock in their place. Knows nothing of events.

import { SharedTimers } from "./shared_timers.ts";

export interface Timer {
  /** The monotonic reading at which it rings. */
  readonly deadline: number;
  /** Nothing happens when it has rung or was cancelled before. */
  cancel(): void;
}

export interface Clock {
  /** Milliseconds on a scale that never goes back. */
  monotonic(): number;
  /** A reading of `monotonic` in microseconds since 1970 UTC, a whole number. */
  wallAt(reading: number): number;
  /** Rings `seconds` after `start`, which is the latest reading of `monotonic`. */
  setTimer(start: number, seconds: number, ring: () => void): Timer;
}

class SystemClock implements Clock {
  /** Wall time at the monotonic zero, in milliseconds. */
  private origin = Date.now() - performance.now();
  private reads = 0;
  private readonly timers = new SharedTimers();

  monotonic(): number {
    return performance.now();
  }

  wallAt(reading: number): number {
    // A suspended machine stops the monotonic clock of some hosts: follow the wall clock when they part.
    this.reads = (this.reads + 1) & 31;
    if (this.reads === 0) {
      const origin = Date.now() - performance.now();
      if (Math.abs(origin - this.origin) > 1000) this.origin = origin;
    }
    return Math.round((this.origin + reading) * 1000);
  }

  setTimer(start: number, seconds: number, ring: () => void): Timer {
    return this.timers.set(start, seconds, ring);
  }
}

export const systemClock: Clock = new SystemClock();

let current: Clock = systemClock;

export function clock(): Clock {
  return current;
}

/** Replaces the clock of the whole module and returns the one it replaced. For tests. */
export function useClock(replacement: Clock): Clock {
  const replaced = current;
  current = replacement;
  return replaced;
}
