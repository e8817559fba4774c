// The state of the bus, as plain data: what an event is (EventRecord), its processing on one bus (EventRun) and the
// call of one handler for it (EventResult, which is also the identity of a running handler). Who changes them
// stands in the files beside; here is only what can be said of them at any moment. A bus remembers many of each, so
// they are small: what only open ones need stands in live.ts, what few have in rare.ts, several are chained, and a
// result that is only a value is folded into its run until somebody reads it.

import type { Block } from "./blocks.ts";
import type { FailedCall } from "./errors.ts";
import type { EventHandler } from "./event_handler.ts";
import type { Fifo } from "./fifo.ts";
import { idFor, newId, nextSequence } from "./ids.ts";
import type { ParsedInput } from "./input.ts";
import { LiveEvent, LiveResult, LiveRun, noLiveEvent, noLiveResult, noLiveRun } from "./live.ts";
import type { EventLock, Hold } from "./lock.ts";
import type { MaybePromise } from "./maybe.ts";
import type { EventStatus, ResultStatus } from "./modes.ts";
import { noRareEvent, noRareResult, RareEvent, RareResult } from "./rare.ts";
import type { ResultType } from "./result_type.ts";
import type { BusSettings, EffectiveSettings, EventSettings, Limit } from "./settings.ts";
import { type Stamp, stampMicros, stampNow, stampText } from "./stamps.ts";
import { Timed } from "./timed.ts";

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
  /** Whether nobody but readers of an event gets to see its results. */
  readonly foldsResults: boolean;
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

export class EventRecord extends Timed {
  readonly kind: EventKind;
  payload: Record<string, unknown>;
  /** Its id; the number of which it is made when somebody asks, before. */
  private identity: string | number;
  /** When it was made, as text; whole seconds, if it was here, and the microseconds behind. Small integers cost nothing. */
  private readonly createdSeconds: string | number;
  private readonly createdMicros: number;
  status: EventStatus = "pending";
  /** The call that emitted it, where that is known. */
  emittedBy: EventResult | null = null;
  /** What was committed first and is a value: a result, or the run in which it is folded. */
  won: EventResult | EventRun | null = null;
  /** Its processing on the first bus, from which that on the next hangs. */
  firstRun: EventRun | null = null;
  live: LiveEvent<EventRecord, EventFacade, EventResult, FrameWait> = noLiveEvent;
  rare: Readonly<RareEvent<EventResult>> = noRareEvent;

  constructor(
    kind: EventKind,
    payload: Record<string, unknown>,
    settings: EventSettings,
    id?: string,
    created: Stamp = stampNow(),
  ) {
    super();
    this.kind = kind;
    this.payload = payload;
    if (settings !== kind.settings) this.settings = settings;
    this.identity = id ?? nextSequence();
    const isText = typeof created === "string";
    this.createdSeconds = isText ? created : Math.floor(created / 1e6);
    this.createdMicros = isText ? 0 : created % 1e6;
  }

  /** Its rare parts, to be changed. */
  makeRare(): RareEvent<EventResult> {
    if (this.rare === noRareEvent) this.rare = new RareEvent();
    return this.rare as RareEvent<EventResult>;
  }

  get createdAt(): Stamp {
    const { createdSeconds: seconds } = this;
    return typeof seconds === "string" ? seconds : seconds * 1e6 + this.createdMicros;
  }

  get settings(): EventSettings {
    return this.rare.settings ?? this.kind.settings;
  }

  set settings(settings: EventSettings) {
    this.makeRare().settings = settings;
  }

  get version(): string {
    return this.rare.version ?? this.kind.version;
  }

  get resultType(): ResultType | undefined {
    return this.rare.resultType ?? this.kind.resultType;
  }

  get typeName(): string {
    return this.rare.loadedType ?? this.kind.name;
  }

  get parentId(): string | null {
    return this.emittedBy?.record.id ?? this.rare.parentId;
  }

  get emittedByHandlerId(): string | null {
    return this.emittedBy?.entry.id ?? this.rare.handlerId;
  }

  get id(): string {
    if (typeof this.identity === "number") this.identity = idFor(stampMicros(this.createdAt), this.identity);
    return this.identity;
  }

  /** The first bus's settings, written at emit. */
  get defaults(): BusSettings | null {
    return this.firstRun === null ? null : this.firstRun.bus.settings;
  }

  get winner(): EventResult | null {
    return this.won instanceof EventRun ? this.won.firstResult : this.won;
  }

  get completed(): boolean {
    return this.status === "completed";
  }

  /** One more bus has it. */
  addRun(run: EventRun): void {
    let last = this.firstRun;
    if (last === null) this.firstRun = run;
    else {
      while (last.next !== null) last = last.next;
      last.next = run;
    }
    this.live.openRuns += 1;
  }

  /** It is to be processed; it may have been complete before. */
  open(): void {
    if (this.live === noLiveEvent) this.live = new LiveEvent();
    if (!this.completed) return;
    this.status = "started";
    this.completedAt = null;
  }

  /** It is complete: forgets what only an open one needs. */
  close(): void {
    this.live = noLiveEvent;
    for (let run = this.firstRun; run !== null; run = run.next) run.close();
  }

  get runs(): EventRun[] {
    const runs: EventRun[] = [];
    for (let run = this.firstRun; run !== null; run = run.next) runs.push(run);
    return runs;
  }

  runOn(bus: Bus): EventRun | null {
    for (let run = this.firstRun; run !== null; run = run.next) if (run.bus === bus) return run;
    return null;
  }

  /** Whether handlers of it may run, on some bus. */
  get running(): boolean {
    for (let run = this.firstRun; run !== null; run = run.next) if (run.state === "running") return true;
    return false;
  }

  /** The labels of the buses it was emitted on, in order. */
  path(): string[] {
    return [...(this.rare.loadedPath ?? []), ...this.runs.map((run) => run.bus.label)];
  }

  results(): EventResult[] {
    const results = [...(this.rare.loadedResults ?? []), ...this.runs.flatMap((run) => run.results)];
    if (!this.completed) for (const result of results) result.makeRare();
    return results;
  }

  *children(): Generator<EventRecord> {
    for (let run = this.firstRun; run !== null; run = run.next) yield* run.children();
  }
}

export type RunState = "queued" | "waiting" | "running" | "final";

export class EventRun extends Timed {
  readonly bus: Bus;
  readonly record: EventRecord;
  readonly settings: EffectiveSettings;
  state: RunState;
  private first: EventResult | null = null;
  /** The handler whose result is folded, and its value; the times are the run's then. */
  private foldedEntry: EventHandler | null = null;
  result: unknown = undefined;
  /** The event's processing on the next bus. */
  next: EventRun | null = null;
  live = new LiveRun<EventRun>(this);

  /** Where it stands in the bus's history, and the one that was complete there after it; history.ts owns them. */
  block: Block<EventRun> | null = null;
  nextCompleted: EventRun | null = null;

  constructor(bus: Bus, record: EventRecord, settings: EffectiveSettings, state: "queued" | "final" = "queued") {
    super();
    this.bus = bus;
    this.record = record;
    this.settings = settings;
    this.state = state;
  }

  /** The result of the first handler, from which that of the next hangs. */
  get firstResult(): EventResult | null {
    if (this.foldedEntry !== null) {
      this.first = new EventResult(this, this.foldedEntry);
      this.first.status = "completed";
      this.first.result = this.result;
      this.first.takeTimes(this);
      this.foldedEntry = null;
    }
    return this.first;
  }

  set firstResult(result: EventResult) {
    this.first = result;
  }

  /** Folds its only result, if there is no more to that than a value and nobody has it. */
  close(): void {
    if (this.live === noLiveRun) return;
    this.live = noLiveRun;
    for (let result = this.first; result !== null; result = result.next) result.live = noLiveResult;
    const only = this.first;
    if (only === null || !this.bus.foldsResults || !only.isPlain) return;
    this.foldedEntry = only.entry;
    this.result = only.result;
    this.takeTimes(only);
    if (this.record.won === only) this.record.won = this;
    this.first = null;
  }

  *children(): Generator<EventRecord> {
    for (let result = this.first; result !== null; result = result.next) {
      if (result.children !== null) yield* result.children;
    }
  }

  get createdAt(): Stamp {
    return this.record.createdAt;
  }

  get started(): boolean {
    return this.state === "running" || this.state === "final";
  }

  get results(): EventResult[] {
    const results: EventResult[] = [];
    for (let result = this.firstResult; result !== null; result = result.next) results.push(result);
    return results;
  }
}

/** The run whose hold on a lock this is. */
export function runOfHold(hold: Hold): EventRun | null {
  return hold instanceof LiveRun ? (hold as LiveRun<EventRun>).run : null;
}

export class EventResult<R = unknown> extends Timed implements FailedCall {
  readonly run: EventRun;
  readonly entry: EventHandler;
  status: ResultStatus = "pending";
  result: R | undefined = undefined;
  error: unknown = undefined;
  children: EventRecord[] | null = null;
  /** The result of the bus's next handler. */
  next: EventResult | null = null;
  live: LiveResult<FrameWait>;
  rare: Readonly<RareResult> = noRareResult;

  constructor(run: EventRun, entry: EventHandler) {
    super();
    this.run = run;
    this.entry = entry;
    this.live = run.state === "final" ? noLiveResult : new LiveResult();
  }

  /** Whether it is a handler's only result, and no more than a value that nobody has looked at before it was complete. */
  get isPlain(): boolean {
    return this.status === "completed" && this.next === null && this.children === null && this.rare === noRareResult;
  }

  /** Its rare parts, to be changed. One that has such is kept as it is. */
  makeRare(): RareResult {
    if (this.rare === noRareResult) this.rare = new RareResult();
    return this.rare as RareResult;
  }

  get createdAt(): Stamp {
    return this.run.record.createdAt;
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
    const rare = this.makeRare();
    rare.id ??= newId(stampMicros(this.startedAt ?? stampNow()));
    return rare.id;
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
    const { settings } = this.run;
    const cap = settings.timeout;
    const limit = this.startedAt === null ? null : settings.limitFor(this.entry.handler_timeout);
    if (limit === null) return cap;
    return cap === null ? limit : Math.min(limit, cap);
  }

  get event_children(): EventFacade[] {
    return (this.children ?? []).map((child) => child.kind.view(child, null));
  }
}
