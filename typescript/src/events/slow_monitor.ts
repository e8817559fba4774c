// Says once that a body takes long. Measures from the start of the body, never ends it, and leaves no timer behind.

import { clock, type Timer } from "./clock.ts";

export class SlowMonitor {
  /** Whether somebody else stops it when an asynchronous body has ended. */
  readonly isOwned: boolean;
  private readonly start: number;
  private readonly threshold: number;
  private readonly warn: (elapsedSeconds: number) => void;
  private timer: Timer | null = null;
  private done = false;

  constructor(start: number, thresholdSeconds: number, warn: (elapsedSeconds: number) => void, isOwned = false) {
    this.isOwned = isOwned;
    this.start = start;
    this.threshold = thresholdSeconds;
    this.warn = warn;
  }

  /** Watches a body that goes on. */
  watch(): void {
    if (!this.done) this.timer = clock().setTimer(this.start, this.threshold, () => this.stop());
  }

  /** The body has ended, or the threshold has passed. A body that blocked the timer is seen here. */
  stop(now = this.done ? 0 : clock().monotonic()): void {
    if (this.done) return;
    this.cancel();
    const elapsed = (now - this.start) / 1000;
    if (elapsed >= this.threshold) this.warn(elapsed);
  }

  /** Stops watching without a word. */
  cancel(): void {
    this.done = true;
    this.timer?.cancel();
    this.timer = null;
  }
}
