// The bus as its users have it. In the hands of a handler (`event.bus`) it is bound to that handler, and what is
// emitted there is the handler's child. Holds no state but its core.

import { type BaseEvent, type BoundBus, type EventClass, type EventOf, BaseEvent as Events } from "./base_event.ts";
import { BusCore } from "./bus_core.ts";
import { awaitIdle, stopBus } from "./bus_end.ts";
import { type BusJson, busToJson, loadBus } from "./bus_json.ts";
import { callerFile, type EventHandler, type HandlerFunction, type HandlerOptions } from "./event_handler.ts";
import type { ResultOf } from "./event_type.ts";
import { type FindOptions, isDescendant, Search } from "./find.ts";
import type { EventBusMiddleware } from "./hooks.ts";
import { newId } from "./ids.ts";
import { EventLock } from "./lock.ts";
import { treeLines } from "./log_tree.ts";
import { BUS, type Bus, type EventFacade, type EventResult, FRAME, type LockManager, RECORD } from "./records.ts";
import { type BusSettings, busSettings, type Limit } from "./settings.ts";
import { stampMicros, stampNow } from "./stamps.ts";
import { waitsForRun } from "./waits.ts";

export interface EventBusOptions extends Partial<BusSettings> {
  middlewares?: readonly EventBusMiddleware<EventBus>[];
  id?: string;
  /** Makes the lock policy of the bus; by default locks are kept in memory. */
  lock_manager?: (bus: Bus) => LockManager;
}

/** What a handler may return: a value of the event's result type, nothing, or an event; now or later. */
export type HandlerReturn<R> = R | BaseEvent | undefined | void | Promise<R | BaseEvent | undefined | void>;

export type Handler<E extends BaseEvent, R> = (event: E) => HandlerReturn<R>;

/** One lock for all buses of a class, for events that are `global-serial`. */
const globalLocks = new WeakMap<object, EventLock>();

function globalLockOf(busClass: object): EventLock {
  let lock = globalLocks.get(busClass);
  if (lock === undefined) {
    lock = new EventLock("global", waitsForRun);
    globalLocks.set(busClass, lock);
  }
  return lock;
}

/** A type's name, its class, or all. */
type Pattern = string | { readonly event_type: string };

function patternName(pattern: Pattern): string {
  return typeof pattern === "string" ? pattern : pattern === Events ? "*" : pattern.event_type;
}

export class EventBus implements BoundBus {
  readonly [BUS]: BusCore;
  readonly [FRAME]: EventResult | null = null;
  /** Emits the event and returns it at once. Bound, so that it can be given away: `a.on("*", b.emit)`. */
  readonly emit: <E extends BaseEvent>(event: E) => E;
  readonly dispatch: <E extends BaseEvent>(event: E) => E;

  constructor(name?: string, options: EventBusOptions = {}) {
    const { middlewares = [], id = newId(stampMicros(stampNow())), lock_manager, ...settings } = options;
    const core = new BusCore({
      id,
      name: name ?? `EventBus_${id.slice(-8)}`,
      settings: busSettings(settings),
      globalLock: globalLockOf(new.target),
      middlewares: middlewares as readonly EventBusMiddleware[],
      lockManager: lock_manager,
      bound: (frame) => (frame === null ? this : this.boundTo(frame)),
    });
    this[BUS] = core;
    this.emit = (event) => core.emit(event, undefined);
    this.dispatch = this.emit;
  }

  private boundTo(frame: EventResult): EventBus {
    const core = this[BUS];
    const emit = <E extends BaseEvent>(event: E): E => core.emit(event, frame);
    const value = { [FRAME]: { value: frame }, emit: { value: emit }, dispatch: { value: emit } };
    return Object.create(this, value) as EventBus;
  }

  get id(): string {
    return this[BUS].id;
  }

  get name(): string {
    return this[BUS].name;
  }

  /** Its name and the end of its id, as they stand in paths. */
  get label(): string {
    return this[BUS].label;
  }

  /** The bus's settings, those by default included. */
  get settings(): Readonly<BusSettings> {
    return this[BUS].settings;
  }

  get locks(): LockManager {
    return this[BUS].locks;
  }

  get handlers(): EventHandler[] {
    return this[BUS].allHandlers();
  }

  /** The remembered events, oldest first. */
  get event_history(): BaseEvent[] {
    return [...this[BUS].history.oldestFirst()].map((run) => run.record.kind.view(run.record, null) as BaseEvent);
  }

  /** How many events wait for the bus's loop. */
  get pending_events(): number {
    return this[BUS].queue.size + this[BUS].ready.size;
  }

  /** How many handlers go on although their results are final. */
  get abandoned_handlers(): number {
    return this[BUS].abandoned.size;
  }

  on<Shape>(
    pattern: EventClass<Shape>,
    handler: Handler<EventOf<Shape>, ResultOf<Shape>>,
    options?: HandlerOptions,
  ): EventHandler;
  on(pattern: string | typeof Events, handler: Handler<BaseEvent, unknown>, options?: HandlerOptions): EventHandler;
  on(pattern: Pattern, handler: (event: never) => unknown, options: HandlerOptions = {}): EventHandler {
    const core = this[BUS];
    const path = core.settings.event_handler_detect_file_paths ? callerFile() : null;
    return core.register(patternName(pattern), handler, options, path);
  }

  /** Removes the handlers of `pattern`, or the one of them that is given by itself, its function or its id. */
  off(pattern: Pattern, handler?: EventHandler | HandlerFunction | string): void {
    this[BUS].unregister(patternName(pattern), handler);
  }

  /** The newest event that matches, or the next one to be emitted; undefined when there is none in time. */
  find<Shape>(pattern: EventClass<Shape>, options?: FindOptions<EventOf<Shape>>): Promise<EventOf<Shape> | undefined>;
  find(pattern: string | typeof Events, options?: FindOptions<BaseEvent>): Promise<BaseEvent | undefined>;
  async find(pattern: Pattern, options: FindOptions<never> = {}): Promise<BaseEvent | undefined> {
    const core = this[BUS];
    const frame = this[FRAME];
    const search = new Search<EventFacade>(patternName(pattern), options as FindOptions<EventFacade>);
    const mine = (event: EventFacade): BaseEvent => event[RECORD].kind.view(event[RECORD], frame) as BaseEvent;
    if (search.since !== null) {
      for (const { record } of core.history.newestFirst()) {
        if (!search.isRecent(record)) continue;
        const event = mine(record.kind.view(record, null));
        if (search.matches(event)) return event;
      }
    }
    if (search.wait === 0) return undefined;
    const found = await core.finds.wait(search);
    return found === undefined ? undefined : mine(found);
  }

  /** Whether `event` was emitted, directly or not, by a handler of `ancestor`. */
  eventIsChildOf(event: EventFacade, ancestor: EventFacade): boolean {
    return isDescendant(event[RECORD], ancestor[RECORD]);
  }

  eventIsParentOf(event: EventFacade, descendant: EventFacade): boolean {
    return isDescendant(descendant[RECORD], event[RECORD]);
  }

  /** Whether every event emitted on the bus is complete within `timeout` seconds; null waits without end, 0 not. */
  waitUntilIdle(timeout: Limit = null): Promise<boolean> {
    return awaitIdle(this[BUS], this[FRAME], timeout);
  }

  /**
   * Waits `timeout` seconds for the bus to be idle (null: without end), then ends what is open and takes no more
   * events. Resolves to the results whose handlers go on although they were ended.
   */
  stop(options: { timeout?: Limit; clear?: boolean } = {}): Promise<EventResult[]> {
    return stopBus(
      this[BUS],
      this[FRAME],
      options.timeout === undefined ? null : options.timeout,
      options.clear ?? false,
    );
  }

  /** Stops at once and forgets everything. */
  destroy(): void {
    this[BUS].shut();
    this[BUS].clear();
  }

  /** The remembered events as a tree, for people. */
  logTree(): string {
    const records = [...this[BUS].history.oldestFirst()].map((run) => run.record);
    const known = new Set(records);
    const roots = records.filter((record) => !record.emittedBy || !known.has(record.emittedBy.record));
    return [this.name, ...treeLines(roots)].join("\n");
  }

  toJSON(): BusJson {
    return busToJson(this[BUS]);
  }

  /** The bus that `json` (text or parsed) says, with its history and without functions. */
  static fromJSON(json: unknown, types: readonly EventClass<never>[] = []): EventBus {
    const known = new Map(types.map((each) => [each.event_type, (each as unknown as typeof Events).kind]));
    const { name, id, settings, records } = loadBus(json, (type) => known.get(type) ?? Events.kind);
    const bus = new EventBus(name, { ...settings, id });
    for (const record of records) bus[BUS].remember(record);
    return bus;
  }

  toString(): string {
    const { history, open } = this[BUS];
    return `${this.label} [${open.size} open, ${history.length} remembered]`;
  }
}
