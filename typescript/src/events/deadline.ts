// A limit that is running: one timer, and the moment it stands for. It can pause, because what middlewares do is
// outside of all limits.

import { clock, type Timer } from "./clock.ts";

export class Deadline {
  readonly seconds: number;
  /** The monotonic reading at which the limit passes; infinite while it pauses. */
  at: number;
  private timer: Timer | null = null;
  private ring: (() => void) | null = null;
  private left = 0;
  private pauses = 0;
  private cancelled = false;

  constructor(start: number, seconds: number) {
    this.seconds = seconds;
    this.at = start + seconds * 1000;
  }

  /** Calls `ring` when the limit passes and nobody cancelled it. */
  watch(ring: () => void): void {
    if (this.cancelled) return;
    this.ring = ring;
    if (this.pauses === 0) this.timer = clock().setTimer(this.at - this.seconds * 1000, this.seconds, ring);
  }

  passed(now: number): boolean {
    return now >= this.at;
  }

  /** Whether it has passed by now. */
  get over(): boolean {
    return this.at !== Number.POSITIVE_INFINITY && clock().monotonic() >= this.at;
  }

  /** From here on the limit never passes. */
  cancel(): void {
    this.timer?.cancel();
    this.timer = null;
    this.ring = null;
    this.at = Number.POSITIVE_INFINITY;
    this.cancelled = true;
  }

  pause(): void {
    this.pauses += 1;
    if (this.pauses > 1 || this.cancelled) return;
    this.timer?.cancel();
    this.timer = null;
    this.left = this.at - clock().monotonic();
    this.at = Number.POSITIVE_INFINITY;
  }

  resume(): void {
    this.pauses -= 1;
    if (this.pauses > 0 || this.cancelled) return;
    const now = clock().monotonic();
    this.at = now + this.left;
    if (this.ring !== null) this.timer = clock().setTimer(now, Math.max(this.left, 0) / 1000, this.ring);
  }
}
