// Finding events: among those a bus remembers, newest first, and among those it will be given. Whoever waits leaves
// nothing behind, however the wait ends.

import { clock, type Timer } from "./clock.ts";
import { type EventFacade, type EventRecord, RECORD } from "./records.ts";
import { checkWait, type Limit } from "./settings.ts";
import { stampMicros } from "./stamps.ts";

export interface FindOptions<E> {
  /** Whether remembered events count: all of them, none, or those of the last seconds. */
  past?: boolean | number;
  /** Whether to wait for one: without end (true, null), not at all (false, 0), or for seconds. */
  future?: boolean | Limit;
  child_of?: EventFacade;
  where?: (event: E) => boolean;
  /** Fields that have to be equal. */
  [field: string]: unknown;
}

const ownNames = new Set(["past", "future", "child_of", "where"]);

/** Whether `record` was emitted by a handler of `ancestor`, directly or not. */
export function isDescendant(record: EventRecord, ancestor: EventRecord): boolean {
  for (let at = record.emittedBy; at !== null; at = at.record.emittedBy) if (at.record === ancestor) return true;
  return false;
}

function equal(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  const other = b as Record<string, unknown>;
  return keys.every((key) => Object.hasOwn(b, key) && equal((a as Record<string, unknown>)[key], other[key]));
}

/** What is looked for. */
export class Search<E extends EventFacade> {
  private readonly type: string;
  private readonly options: FindOptions<E>;
  private readonly fields: string[];
  /** Only events made after this, in microseconds; null when the past does not count. */
  readonly since: number | null;
  /** How long to wait for one. */
  readonly wait: Limit;

  constructor(type: string, options: FindOptions<E>) {
    this.type = type;
    this.options = options;
    this.fields = Object.keys(options).filter((key) => !ownNames.has(key) && options[key] !== undefined);
    const { past = true, future = false } = options;
    const span = typeof past === "number" ? (checkWait("past", past) ?? 0) : Number.POSITIVE_INFINITY;
    this.since = past === false ? null : clock().wallAt(clock().monotonic()) - span * 1e6;
    this.wait = typeof future === "boolean" ? (future ? null : 0) : checkWait("future", future);
  }

  matches(event: E): boolean {
    const record = event[RECORD];
    const { child_of, where } = this.options;
    if (this.type !== "*" && record.typeName !== this.type) return false;
    if (child_of !== undefined && !isDescendant(record, child_of[RECORD])) return false;
    const values = event as unknown as Record<string, unknown>;
    if (!this.fields.every((name) => equal(values[name], this.options[name]))) return false;
    return where === undefined || where(event);
  }

  isRecent(record: EventRecord): boolean {
    return this.since !== null && stampMicros(record.createdAt) >= this.since;
  }
}

interface FindWaiter {
  search: Search<EventFacade>;
  resolve: (event: EventFacade | undefined) => void;
  timer: Timer | null;
}

export class FindWaiters {
  private readonly waiters = new Set<FindWaiter>();

  get size(): number {
    return this.waiters.size;
  }

  wait(search: Search<EventFacade>): Promise<EventFacade | undefined> {
    return new Promise((resolve) => {
      const waiter: FindWaiter = { search, resolve, timer: null };
      this.waiters.add(waiter);
      if (search.wait === null) return;
      waiter.timer = clock().setTimer(clock().monotonic(), search.wait, () => this.end(waiter, undefined));
    });
  }

  /** An event was emitted. */
  offer(event: EventFacade): void {
    if (this.waiters.size === 0) return;
    for (const waiter of [...this.waiters]) {
      try {
        if (waiter.search.matches(event)) this.end(waiter, event);
      } catch (error) {
        // The predicate is the caller's; its failure is the answer to that caller alone.
        this.end(waiter, Promise.reject(error) as never);
      }
    }
  }

  close(): void {
    for (const waiter of [...this.waiters]) this.end(waiter, undefined);
  }

  private end(waiter: FindWaiter, event: EventFacade | undefined): void {
    this.waiters.delete(waiter);
    waiter.timer?.cancel();
    waiter.resolve(event);
  }
}
