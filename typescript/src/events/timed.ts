// What starts and ends after an event was made. Both are kept as what they are beside that, small integers.

import { type Stamp, sinceStamp, stampAfter } from "./stamps.ts";

export abstract class Timed {
  private startedAfter: Stamp | null = null;
  private endedAfter: Stamp | null = null;

  /** When the event was made. */
  abstract get createdAt(): Stamp;

  get startedAt(): Stamp | null {
    return stampAfter(this.createdAt, this.startedAfter);
  }

  set startedAt(stamp: Stamp | null) {
    this.startedAfter = sinceStamp(this.createdAt, stamp);
  }

  get completedAt(): Stamp | null {
    return stampAfter(this.createdAt, this.endedAfter);
  }

  set completedAt(stamp: Stamp | null) {
    this.endedAfter = sinceStamp(this.createdAt, stamp);
  }

  /** Takes the times of something else of the same event. */
  takeTimes(of: Timed): void {
    this.startedAfter = of.startedAfter;
    this.endedAfter = of.endedAfter;
  }
}
