// What an event, its run and its result need only while they are not complete. It goes when they are: what a bus
// remembers is then as small as it can be. All that are complete share one part in which nothing stands and which
// cannot be changed. The classes of records.ts, which these parts point back to, are parameters here.

import type { CapturedContext } from "./async_context.ts";
import type { Deadline } from "./deadline.ts";
import type { Link } from "./fifo.ts";
import { Hold } from "./lock.ts";
import type { Limit } from "./settings.ts";
import type { SlowMonitor } from "./slow_monitor.ts";

export class LiveEvent<Event, Facade, Result, Wait> {
  /** The event that cannot be complete before this one is. */
  holds: Event | null = null;
  context: CapturedContext | null = null;
  openRuns = 0;
  openChildren = 0;
  /** What was emitted first. */
  facade: Facade | null = null;
  /** The serial handler of this event that runs, on whatever bus, and those that wait for it to end. */
  serialHolder: Result | null = null;
  serialWaiters: { result: Result; enter: () => void }[] | null = null;
  waiters: ((complete: true) => void)[] | null = null;
  frameWaits: Wait[] | null = null;
  hookTail: Promise<void> | null = null;
}

/** Its hold on the event's lock, too. */
export class LiveRun<Run> extends Hold {
  readonly run: Run;
  /** The event's limit on this bus, while it runs. */
  cap: Deadline | null = null;
  monitor: SlowMonitor | null = null;
  /** In the list of what is not complete on the bus. */
  openLink: Link<Run> | null = null;
  queueLink: Link<Run> | null = null;
  /** Where it stands in the bus's history by its state, and its neighbours there; history.ts owns them. */
  shelf: object | null = null;
  before: Run | null = null;
  after: Run | null = null;

  constructor(run: Run) {
    super();
    this.run = run;
  }
}

export class LiveResult<Wait> {
  /** Its limit in seconds; the event's cap is not part of it. */
  limit: Limit = null;
  deadline: Deadline | null = null;
  monitor: SlowMonitor | null = null;
  /** The error of its own limit, once that has passed. */
  limitError: Error | null = null;
  /** Whether it gave the event's handler lock away while it awaits. */
  yielded = false;
  /** Whether the middlewares heard that it starts. */
  told = false;
  /** Whether the handler's promise is still open. */
  unsettled = false;
  waits: Set<Wait> | null = null;
  onFinal: (() => void) | null = null;
}

export const noLiveEvent: LiveEvent<never, never, never, never> = Object.freeze(
  new LiveEvent<never, never, never, never>(),
);
/** Of no run. */
export const noLiveRun: LiveRun<never> = Object.freeze(new LiveRun(null as never));
export const noLiveResult: LiveResult<never> = Object.freeze(new LiveResult<never>());
