// Tests in virtual time: a journal of what happened when, and sleeps that take none of the real time.

import { systemClock, useClock } from "../../src/events/clock.ts";
import { useAsyncContext } from "../../src/events/context.ts";
import { BaseEvent, EventBus, type LogRecord, useLogSink } from "../../src/events/index.ts";
import { VirtualClock } from "./virtual_clock.ts";

export class Timeline {
  readonly clock = new VirtualClock();
  /** What was said, as `text@seconds`. */
  readonly journal: string[] = [];
  readonly warnings: LogRecord[] = [];

  say(text: string): void {
    this.journal.push(`${text}@${this.clock.seconds}`);
  }

  sleep(seconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.clock.sleep(seconds, resolve);
    });
  }

  /** A handler that says when it starts and ends, and takes `seconds`. */
  worker(seconds: number, value?: unknown): (event: BaseEvent) => Promise<unknown> {
    return async (event) => {
      const label = (event as unknown as { label?: string }).label ?? event.event_type;
      this.say(`+${label}`);
      await this.sleep(seconds);
      this.say(`-${label}`);
      return value;
    };
  }
}

/** Runs `work` in virtual time; fails when a bus leaves a timer behind. */
export async function inVirtualTime<T>(work: (timeline: Timeline) => Promise<T>, withContext = true): Promise<T> {
  const timeline = new Timeline();
  useClock(timeline.clock);
  useAsyncContext(withContext);
  const sink = useLogSink((record) => timeline.warnings.push(record));
  try {
    const result = await timeline.clock.run(() => work(timeline));
    if (timeline.clock.busTimers > 0) throw new Error(`${timeline.clock.busTimers} timers are left`);
    return result;
  } finally {
    useLogSink(sink);
    useAsyncContext(true);
    useClock(systemClock);
  }
}

/** An event type that takes any field, as most tests need it. */
export function eventType(name: string): new (fields?: object) => BaseEvent {
  return BaseEvent.extend(name, {}) as unknown as new (
    fields?: object,
  ) => BaseEvent;
}

export const Work = eventType("Work");
export const Parent = eventType("Parent");
export const Child = eventType("Child");

export function errorNames(event: BaseEvent): (string | null)[] {
  return [...event.event_results.values()].map(({ error }) => (error instanceof Error ? error.name : null));
}

export function values(event: BaseEvent): unknown[] {
  return [...event.event_results.values()].map(({ result }) => result);
}

export { EventBus };
