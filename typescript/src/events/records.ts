// The state of the bus, as plain data: what an event is (EventRecord), its processing on one bus (EventRun) and the
// call of one handler for it (EventResult, which is also the identity of a running handler). Who changes them
// stands in the files beside; here is only what can be said of them at any moment.

import type { CapturedContext } from "./async_context.ts";
import type { Deadline } from "./deadline.ts";
import type { FailedCall } from "./errors.ts";
import type { EventHandler } from "./event_handler.ts";
import type { Fifo, Link } from "./fifo.ts";
import { idFor, newId, nextSequence } from "./ids.ts";
import type { ParsedInput } from "./input.ts";
import { type EventLock, Hold } from "./lock.ts";
import type { MaybePromise } from "./maybe.ts";
import type { EventHandlerCompletionMode, EventStatus, ResultStatus } from "./modes.ts";
import type { ResultType } from "./result_type.ts";
import type { BusSettings, EffectiveSettings, EventSettings, Limit } from "./settings.ts";
import type { SlowMonitor } from "./slow_monitor.ts";
import { type Stamp, sinceStamp, stampAfter, stampMicros, stampNow, stampText } from "./stamps.ts";

export const RECORD: unique symbol = Symbol("record");
export const FRAME: unique symbol = Symbol("frame");
export const BUS: unique symbol = Symbol("bus");

/** An event as its users have it, perhaps bound to the handler that got or emitted it. */
export interface EventFacade {
  readonly event_id: string;
  readonly event_type: string;
  readonly [RECORD]: EventRecord;
  [FRAME]: EventResult | null;
}

/** What all events of a class have in common. */
export interface EventKind {
  readonly name: string;
  readonly version: string;
  readonly settings: EventSettings;
  readonly resultType: ResultType | undefined;
  /** The declared fields and settings in `input`; throws for what does not fit. */
  parse(input: Readonly<Record<string, unknown>>): ParsedInput;
  /** The event bound to `frame`; to nobody when that is null. */
  view(record: EventRecord, frame: EventResult | null): EventFacade;
}

/** An await of an event by a running handler. */
export interface FrameWait {
  readonly frame: EventResult;
  readonly record: EventRecord;
  /** Whether what has not started of the event runs where it is awaited. */
  readonly jumps: boolean;
  readonly reject: (error: unknown) => void;
}

export interface History {
  /** The event has started on the bus. */
  started(run: EventRun): void;
  /** The event is complete. */
  completed(run: EventRun): void;
}

/** The calls of a bus's middlewares, in order; null where a bus has none. */
export interface Hooks {
  event(record: EventRecord, status: EventStatus): Promise<void>;
  result(result: EventResult, status: ResultStatus): Promise<void>;
}

export interface LockManager {
  /** The lock that the event needs on this bus, or null where its concurrency is `parallel`. */
  getLockForEvent(event: EventFacade): EventLock | null;
  /**
   * Runs `fn` while the event holds its lock. Does not run it when the event was cancelled before its turn. The lock is
   * to be free once `fn` has ended; it may be before, as soon as all results on the bus are final.
   */
  withEventLock(event: EventFacade, fn: () => MaybePromise<void>): MaybePromise<void>;
  /** Runs `fn` as the one serial handler of the event that runs, until `result` is final. */
  withHandlerLock(event: EventFacade, result: EventResult, fn: () => MaybePromise<void>): MaybePromise<void>;
  /** Calls `fn` in the context of the handler that `event` is bound to. */
  withHandlerDispatchContext<T>(event: EventFacade, fn: () => T): T;
}

export interface Bus {
  readonly id: string;
  readonly name: string;
  /** Name and the end of the id. */
  readonly label: string;
  readonly settings: BusSettings;
  /** What holds for events without settings of their own. */
  readonly plainSettings: EffectiveSettings;
  readonly lock: EventLock;
  readonly globalLock: EventLock;
  readonly locks: LockManager;
  readonly hooks: Hooks | null;
  readonly history: History;
  /** Waiting for the bus's loop, oldest first. */
  readonly queue: Fifo<EventRun>;
  /** Events that wait for nobody, until the next turn. */
  readonly ready: Fifo<EventRun>;
  /** The one event that the loop works on or waits for a lock with. */
  readonly looping: EventRun | null;
  readonly abandoned: Set<EventResult>;
  handlersFor(eventType: string): readonly EventHandler[];
  /** Emits the event for `frame`; null is nobody, undefined is whoever the host says. Returns the event. */
  emit<E extends EventFacade>(event: E, frame: EventResult | null | undefined): E;
  /** The bus as the handler `frame` has it. */
  bound(frame: EventResult | null): unknown;
  /** The loop need not wait for `run` any longer. */
  release(run: EventRun): void;
  /** Takes `run`, which has not started and is awaited, out of the loop and runs it at once. */
  takeOver(run: EventRun): void;
  /** The event of `run` is complete, and the middlewares know it. */
  finished(run: EventRun): void;
}

/** The list that everything has before it has one of its own; nobody adds to it. */
const none: never[] = [];

/** `list` with `item` behind. A list of one is made to measure: most stay so, and there is one for each event. */
export function appended<T>(list: T[] | null, item: T): T[] {
  if (list === null || list.length === 0) return [item];
  list.push(item);
  return list;
}

export class EventRecord {
  readonly kind: EventKind;
  private ownId: string | null;
  private readonly sequence: number;
  readonly createdAt: Stamp;
  version: string;
  resultType: ResultType | undefined;
  payload: Record<string, unknown>;
  settings: EventSettings;
  /** Names of fields that the event's type does not declare. */
  extras: string[] | null = null;
  /** The first bus's settings, written at emit. */
  defaults: BusSettings | null = null;
  /** Labels of the buses that the event was on before it was loaded from JSON. */
  loadedPath: string[] | null = null;
  private givenParentId: string | null = null;
  private givenHandlerId: string | null = null;
  /** The call that emitted it, where that is known. */
  emittedBy: EventResult | null = null;
  /** The event that cannot be complete before this one is. */
  holds: EventRecord | null = null;
  context: CapturedContext | null = null;
  status: EventStatus = "pending";
  private started: Stamp | null = null;
  private ended: Stamp | null = null;
  runs: EventRun[] = none;
  openRuns = 0;
  openChildren = 0;
  /** What was emitted first, until the event is complete. */
  facade: EventFacade | null = null;
  /** Whether `first()` was called for it. */
  first = false;
  /** The serial handler of this event that runs, on whatever bus, and those that wait for it to end. */
  serialHolder: EventResult | null = null;
  serialWaiters: { result: EventResult; enter: () => void }[] | null = null;
  winner: EventResult | null = null;
  waiters: ((complete: true) => void)[] | null = null;
  /** Whether those who wait were told that it is complete. */
  announced = false;
  frameWaits: FrameWait[] | null = null;
  hookTail: Promise<void> | null = null;
  middlewareErrors: unknown[] | null = null;
  /** Results that came with JSON. */
  loadedResults: EventResult[] | null = null;
  /** The type's name where the class is not known. */
  loadedType: string | null = null;

  constructor(
    kind: EventKind,
    payload: Record<string, unknown>,
    settings: EventSettings,
    id?: string,
    created?: Stamp,
  ) {
    this.kind = kind;
    this.payload = payload;
    this.settings = settings;
    this.version = kind.version;
    this.resultType = kind.resultType;
    this.createdAt = created ?? stampNow();
    this.ownId = id ?? null;
    this.sequence = nextSequence();
  }

  get startedAt(): Stamp | null {
    return stampAfter(this.createdAt, this.started);
  }

  set startedAt(stamp: Stamp | null) {
    this.started = sinceStamp(this.createdAt, stamp);
  }

  get completedAt(): Stamp | null {
    return stampAfter(this.createdAt, this.ended);
  }

  set completedAt(stamp: Stamp | null) {
    this.ended = sinceStamp(this.createdAt, stamp);
  }

  get parentId(): string | null {
    return this.emittedBy?.record.id ?? this.givenParentId;
  }

  get emittedByHandlerId(): string | null {
    return this.emittedBy?.entry.id ?? this.givenHandlerId;
  }

  /** What an event says of its origin that was not emitted here. */
  setOrigin(parentId: string | null, handlerId: string | null): void {
    this.givenParentId = parentId;
    this.givenHandlerId = handlerId;
  }

  get id(): string {
    this.ownId ??= idFor(stampMicros(this.createdAt), this.sequence);
    return this.ownId;
  }

  get typeName(): string {
    return this.loadedType ?? this.kind.name;
  }

  /** The labels of the buses it was emitted on, in order. */
  path(): string[] {
    return [...(this.loadedPath ?? []), ...this.runs.map((run) => run.bus.label)];
  }

  get completed(): boolean {
    return this.status === "completed";
  }

  addRun(run: EventRun): void {
    this.runs = appended(this.runs, run);
    this.openRuns += 1;
  }

  /** It was complete, and one more bus has it now. */
  reopen(): void {
    this.status = "started";
    this.completedAt = null;
    this.announced = false;
  }

  runOn(bus: Bus): EventRun | null {
    for (const run of this.runs) if (run.bus === bus) return run;
    return null;
  }

  /** Whether handlers of it may run, on some bus. */
  get running(): boolean {
    return this.runs.some((run) => run.state === "running");
  }

  results(): EventResult[] {
    const only = this.runs.length === 1 && this.loadedResults === null ? this.runs[0] : undefined;
    return only ? only.results : [...(this.loadedResults ?? []), ...this.runs.flatMap((run) => run.results)];
  }

  *children(): Generator<EventRecord> {
    for (const run of this.runs) {
      for (const result of run.results) if (result.children !== null) yield* result.children;
    }
  }
}

export type RunState = "queued" | "waiting" | "running" | "final";

export class EventRun extends Hold {
  readonly bus: Bus;
  readonly record: EventRecord;
  readonly settings: EffectiveSettings;
  completion: EventHandlerCompletionMode;
  state: RunState = "queued";
  results: EventResult[] = none;
  /** The event's limit on this bus, while it runs. */
  cap: Deadline | null = null;
  monitor: SlowMonitor | null = null;
  /** In the list of what is not complete on the bus. */
  openLink: Link<EventRun> | null = null;
  queueLink: Link<EventRun> | null = null;
  /** Its neighbours in the bus's history by emission, and by state on the shelf where it stands; history.ts owns them. */
  shelf: object | null = null;
  older: EventRun | null = null;
  newer: EventRun | null = null;
  before: EventRun | null = null;
  after: EventRun | null = null;

  constructor(bus: Bus, record: EventRecord, settings: EffectiveSettings) {
    super();
    this.bus = bus;
    this.record = record;
    this.settings = settings;
    this.completion = settings.completion;
  }

  /** Forgets what only a run that goes on needs. */
  retire(): void {
    this.openLink = null;
    this.queueLink = null;
    this.cap = null;
    this.monitor = null;
  }

  get started(): boolean {
    return this.state === "running" || this.state === "final";
  }
}

export class EventResult<R = unknown> implements FailedCall {
  readonly run: EventRun;
  readonly entry: EventHandler;
  private ownId: string | null = null;
  status: ResultStatus = "pending";
  result: R | undefined = undefined;
  error: unknown = undefined;
  private started: Stamp | null = null;
  private ended: Stamp | null = null;
  /** Its limit in seconds; the event's cap is not part of it. */
  limit: Limit = null;
  deadline: Deadline | null = null;
  monitor: SlowMonitor | null = null;
  /** The error of its own limit, once that has passed. */
  limitError: Error | null = null;
  /** Whether it was ended because another result was first. */
  lost = false;
  /** Whether it gave the event's handler lock away while it awaits. */
  yielded = false;
  /** Whether the middlewares heard that it starts. */
  told = false;
  /** Whether the handler's promise is still open. */
  unsettled = false;
  children: EventRecord[] | null = null;
  /** Of a result that came with JSON: the ids of its children, and of the event that was returned. */
  loadedChildren: string[] | null = null;
  returnedEventId: string | null = null;
  waits: Set<FrameWait> | null = null;
  controller: AbortController | null = null;
  onFinal: (() => void) | null = null;

  constructor(run: EventRun, entry: EventHandler) {
    this.run = run;
    this.entry = entry;
  }

  get startedAt(): Stamp | null {
    return stampAfter(this.record.createdAt, this.started);
  }

  set startedAt(stamp: Stamp | null) {
    this.started = sinceStamp(this.record.createdAt, stamp);
  }

  get completedAt(): Stamp | null {
    return stampAfter(this.record.createdAt, this.ended);
  }

  set completedAt(stamp: Stamp | null) {
    this.ended = sinceStamp(this.record.createdAt, stamp);
  }

  /** Whether the handler runs and its result is open. */
  get alive(): boolean {
    return this.status === "started";
  }

  get final(): boolean {
    return this.status === "completed" || this.status === "error";
  }

  get record(): EventRecord {
    return this.run.record;
  }

  get id(): string {
    this.ownId ??= newId(stampMicros(this.startedAt ?? stampNow()));
    return this.ownId;
  }

  get event(): EventFacade {
    return this.record.kind.view(this.record, null);
  }

  get event_id(): string {
    return this.record.id;
  }

  get handler_id(): string {
    return this.entry.id;
  }

  get handler_name(): string {
    return this.entry.handler_name;
  }

  get event_bus_id(): string {
    return this.run.bus.id;
  }

  get event_bus_name(): string {
    return this.run.bus.name;
  }

  get started_at(): string | null {
    return this.startedAt === null ? null : stampText(this.startedAt);
  }

  get completed_at(): string | null {
    return this.completedAt === null ? null : stampText(this.completedAt);
  }

  /** The limit that held for this call, in seconds: the smaller of its own and the event's. */
  get timeout(): Limit {
    const cap = this.run.settings.timeout;
    if (this.limit === null) return cap;
    return cap === null ? this.limit : Math.min(this.limit, cap);
  }

  get event_children(): EventFacade[] {
    return (this.children ?? []).map((child) => child.kind.view(child, null));
  }
}
