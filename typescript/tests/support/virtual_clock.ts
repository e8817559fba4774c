// Time that stands still while anything can run. When nothing can, the timer with the least deadline fires, alone.

import type { Clock, Timer } from "../../src/events/clock.ts";

/** 2026-01-01T00:00:00Z in microseconds. */
export const epochMicros = Date.UTC(2026, 0, 1) * 1000;

class VirtualTimer implements Timer {
  readonly deadline: number;
  readonly ofScript: boolean;
  readonly ring: () => void;
  private readonly timers: Set<VirtualTimer>;

  constructor(timers: Set<VirtualTimer>, deadline: number, ring: () => void, ofScript: boolean) {
    this.timers = timers;
    this.deadline = deadline;
    this.ring = ring;
    this.ofScript = ofScript;
    timers.add(this);
  }

  cancel(): void {
    this.timers.delete(this);
  }
}

/** Resolves when everything has run that can run without a timer. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    const host = globalThis as { setImmediate?: (task: () => void) => void };
    if (host.setImmediate) {
      host.setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

export class VirtualClock implements Clock {
  private now = 0;
  /** In the order of creation. */
  private readonly timers = new Set<VirtualTimer>();

  get seconds(): number {
    return Math.round(this.now * 1000) / 1e6;
  }

  monotonic(): number {
    return this.now;
  }

  wallAt(reading: number): number {
    return epochMicros + Math.round(reading * 1000);
  }

  setTimer(start: number, seconds: number, ring: () => void): Timer {
    return new VirtualTimer(this.timers, start + seconds * 1000, ring, false);
  }

  sleep(seconds: number, ring: () => void): Timer {
    return new VirtualTimer(this.timers, this.now + seconds * 1000, ring, true);
  }

  /** The clock goes on while nothing else does. */
  block(seconds: number): void {
    this.now += seconds * 1000;
  }

  /** Timers that the bus set. */
  get busTimers(): number {
    return [...this.timers].filter((timer) => !timer.ofScript).length;
  }

  /** Fires the next timer; false when there is none. */
  fireNext(): boolean {
    let next: VirtualTimer | null = null;
    for (const timer of this.timers) if (next === null || timer.deadline < next.deadline) next = timer;
    if (next === null) return false;
    this.timers.delete(next);
    this.now = Math.max(this.now, next.deadline);
    next.ring();
    return true;
  }

  /** Runs `work` to its end in this time; throws when it waits for something that never comes. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    let done = false;
    const result = work();
    const end = (): void => {
      done = true;
    };
    result.then(end, end);
    for (await settle(); !done; await settle()) {
      if (!this.fireNext()) throw new Error(`deadlock at ${this.seconds} s: nothing can run and no timer is set`);
    }
    return result;
  }
}
