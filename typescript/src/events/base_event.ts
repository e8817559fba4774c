// Events as their users have them: typed fields, the state of processing, and the ways to wait for it. An event in
// the hands of a handler is bound to that handler: what it emits through it are its children, and to await one of
// them runs that one now. Holds no state but its record.

import { awaitEventAs } from "./awaiting.ts";
import type { CheckedShape, EventInput, EventShape, Fields, PayloadOf, ResultOf } from "./event_type.ts";
import type { Json } from "./input.ts";
import { recordToJson } from "./json.ts";
import { Kind, noSettings } from "./kinds.ts";
import { loadRecord } from "./loading.ts";
import { eventLine, eventTree } from "./log_tree.ts";
import type {
  EventConcurrencyMode,
  EventHandlerCompletionMode,
  EventHandlerConcurrencyMode,
  EventStatus,
} from "./modes.ts";
import { noRareEvent } from "./rare.ts";
import { firstValue, type ReadOptions, type ResultOptions, resultValue, resultValues } from "./reading.ts";
import { BUS, type Bus, type EventFacade, EventRecord, type EventResult, FRAME, RECORD } from "./records.ts";
import { checkEventSetting, type EventSettingName, type EventSettings, type Limit } from "./settings.ts";
import { stampText } from "./stamps.ts";

/** A bus as a handler has it through its event: what is emitted there is a child of the handler. */
export interface BoundBus {
  readonly id: string;
  readonly name: string;
  readonly [BUS]: Bus;
  emit<E extends BaseEvent>(event: E): E;
  dispatch<E extends BaseEvent>(event: E): E;
}

export type EventOf<Shape> = BaseEvent<ResultOf<Shape>> & PayloadOf<Fields<Shape>>;

type InputArguments<Shape> =
  object extends EventInput<Shape> ? [input?: EventInput<Shape>] : [input: EventInput<Shape>];

/** A class of events, as `extend` makes it. */
export interface EventClass<Shape = object> {
  new (...input: InputArguments<Shape>): EventOf<Shape>;
  readonly event_type: string;
  extend<More extends EventShape & CheckedShape<More>>(
    name: string,
    shape: More,
  ): EventClass<Omit<Shape, keyof More> & More>;
  fromJSON(json: unknown): EventOf<Shape>;
}

const neverAborted = new AbortController().signal;

function define(target: object, key: string): void {
  Object.defineProperty(target, key, {
    configurable: true,
    enumerable: true,
    get(this: BaseEvent) {
      return this[RECORD].payload[key];
    },
    set(this: BaseEvent, value: unknown) {
      this[RECORD].payload[key] = value;
    },
  });
}

export class BaseEvent<R = unknown> implements EventFacade {
  /** @internal */
  static readonly kind: Kind = new Kind("BaseEvent", {}, noSettings, "1", undefined, (record, frame) => {
    return new BaseEvent(record, frame);
  });

  readonly [RECORD]: EventRecord;
  [FRAME]: EventResult | null;

  constructor(input: object = {}, frame: EventResult | null = null) {
    this[FRAME] = frame;
    if (input instanceof EventRecord) {
      this[RECORD] = input;
    } else {
      const { kind } = new.target;
      const { payload, settings, identity, resultType, extras } = kind.parse(input as Record<string, unknown>);
      const record = new EventRecord(kind, payload, settings, identity.event_id, identity.event_created_at);
      if (resultType !== undefined && resultType !== kind.resultType) record.makeRare().resultType = resultType;
      if (extras !== null) record.makeRare().extras = extras;
      if (identity.event_version !== undefined) record.makeRare().version = identity.event_version;
      if (identity.event_parent_id !== undefined) record.makeRare().parentId = identity.event_parent_id;
      this[RECORD] = record;
    }
    const { extras } = this[RECORD].rare;
    if (extras !== null) for (const key of extras) if (!(key in this)) define(this, key);
  }

  static get event_type(): string {
    return this.kind.name;
  }

  /**
   * A class of events: `shape` gives its fields as zod schemas, and under `event_*` the result type and settings that
   * hold for all its events.
   */
  static extend<Shape extends EventShape & CheckedShape<Shape>>(name: string, shape: Shape): EventClass<Shape> {
    const made = class extends this {
      static override readonly kind: Kind = super.kind.extend(
        name,
        shape as Record<string, unknown>,
        (record, frame) => new made(record, frame),
      );
    };
    for (const key of Object.keys(made.kind.fields)) {
      if (key in BaseEvent.prototype) throw new TypeError(`a field of ${name} cannot be called ${key}`);
      if (!(key in made.prototype)) define(made.prototype, key);
    }
    Object.defineProperty(made, "name", { value: name });
    return made as unknown as EventClass<Shape>;
  }

  /** The event that `json` (text or parsed) says, as it was when it was dumped. */
  static fromJSON(json: unknown): BaseEvent {
    return this.kind.view(loadRecord(this.kind, json), null) as BaseEvent;
  }

  get event_id(): string {
    return this[RECORD].id;
  }

  get event_type(): string {
    return this[RECORD].typeName;
  }

  get event_version(): string {
    return this[RECORD].version;
  }

  /** The zod schema of results, or the JSON Schema that the event was loaded with. */
  get event_result_type(): unknown {
    return this[RECORD].resultType?.declared;
  }

  get event_status(): EventStatus {
    return this[RECORD].status;
  }

  get event_created_at(): string {
    return stampText(this[RECORD].createdAt);
  }

  get event_started_at(): string | null {
    const at = this[RECORD].startedAt;
    return at === null ? null : stampText(at);
  }

  get event_completed_at(): string | null {
    const at = this[RECORD].completedAt;
    return at === null ? null : stampText(at);
  }

  get event_path(): string[] {
    return this[RECORD].path();
  }

  get event_parent_id(): string | null {
    return this[RECORD].parentId;
  }

  get event_emitted_by_handler_id(): string | null {
    return this[RECORD].emittedByHandlerId;
  }

  /** The results so far, by the ids of handlers. */
  get event_results(): ReadonlyMap<string, EventResult<R>> {
    return new Map(this[RECORD].results().map((result) => [result.handler_id, result as EventResult<R>]));
  }

  /** What the event's handlers emitted through it. */
  get event_children(): BaseEvent[] {
    return [...this[RECORD].children()].map((child) => child.kind.view(child, null) as BaseEvent);
  }

  get event_middleware_errors(): readonly unknown[] {
    return this[RECORD].rare.middlewareErrors ?? [];
  }

  /** The names of the settings that the event has of its own; what a bus filled in is not among them. */
  get event_own_settings(): EventSettingName[] {
    return (Object.keys(this[RECORD].settings) as EventSettingName[]).sort();
  }

  get event_timeout(): Limit | undefined {
    return this.setting("event_timeout");
  }

  set event_timeout(value: Limit) {
    this.changeSetting("event_timeout", value);
  }

  get event_slow_timeout(): Limit | undefined {
    return this.setting("event_slow_timeout");
  }

  set event_slow_timeout(value: Limit) {
    this.changeSetting("event_slow_timeout", value);
  }

  get event_handler_timeout(): Limit | undefined {
    return this[RECORD].settings.event_handler_timeout;
  }

  set event_handler_timeout(value: Limit) {
    this.changeSetting("event_handler_timeout", value);
  }

  get event_handler_slow_timeout(): Limit | undefined {
    return this.setting("event_handler_slow_timeout");
  }

  set event_handler_slow_timeout(value: Limit) {
    this.changeSetting("event_handler_slow_timeout", value);
  }

  get event_concurrency(): EventConcurrencyMode | null | undefined {
    return this.setting("event_concurrency");
  }

  set event_concurrency(value: EventConcurrencyMode | null) {
    this.changeSetting("event_concurrency", value);
  }

  get event_handler_concurrency(): EventHandlerConcurrencyMode | null | undefined {
    return this.setting("event_handler_concurrency");
  }

  set event_handler_concurrency(value: EventHandlerConcurrencyMode | null) {
    this.changeSetting("event_handler_concurrency", value);
  }

  get event_handler_completion(): EventHandlerCompletionMode | null | undefined {
    return this.setting("event_handler_completion");
  }

  set event_handler_completion(value: EventHandlerCompletionMode | null) {
    this.changeSetting("event_handler_completion", value);
  }

  /** The bus that handles the event, bound to the handler; outside of handlers the first one it was emitted on. */
  get bus(): BoundBus | undefined {
    const frame = this[FRAME];
    if (frame !== null && frame.record === this[RECORD]) return frame.run.bus.bound(frame) as BoundBus;
    return this[RECORD].firstRun?.bus.bound(null) as BoundBus | undefined;
  }

  get event_bus(): BoundBus | undefined {
    return this.bus;
  }

  /** In a handler: aborted as soon as the handler's result is final, so that it can stop what it does. */
  get signal(): AbortSignal {
    const frame = this[FRAME];
    if (frame === null) return neverAborted;
    const rare = frame.makeRare();
    if (rare.controller === null) {
      rare.controller = new AbortController();
      if (frame.final) rare.controller.abort(frame.error);
    }
    return rare.controller.signal;
  }

  /** In a handler: emits `child` as its child, on `bus` or where the handler runs. */
  emit<E extends BaseEvent>(child: E, bus?: BoundBus): E {
    const frame = this.handler();
    return (bus === undefined ? frame.run.bus : bus[BUS]).emit(child, frame);
  }

  /** In a handler: `other` as this handler has it, so that to await it runs it now. */
  attach<E extends BaseEvent>(other: E): E {
    const record = other[RECORD];
    return record.kind.view(record, this.handler()) as E;
  }

  private handler(): EventResult {
    const frame = this[FRAME];
    if (frame === null) throw new Error(`${this.event_type} is not in the hands of a handler: emit on a bus`);
    return frame;
  }

  /** Resolves to the event when it is complete; errors of handlers stay in its results. Jumps in a handler. */
  done(): Promise<this> {
    return awaitEventAs(this[RECORD], this[FRAME], true, this);
  }

  /** As `done`, but waits for the event's turn. */
  eventCompleted(): Promise<this> {
    return awaitEventAs(this[RECORD], this[FRAME], false, this);
  }

  /** The first value that a handler returns, or undefined; the other handlers are ended. */
  first(options: ReadOptions = {}): Promise<R | undefined> {
    return firstValue(this[RECORD], this[FRAME], options) as Promise<R | undefined>;
  }

  /** The first value in the order of handlers, when all have ended. */
  eventResult(options: ResultOptions<R> = {}): Promise<R | undefined> {
    return resultValue(this[RECORD], this[FRAME], options as ResultOptions) as Promise<R | undefined>;
  }

  /** All values in the order of handlers, when all have ended. */
  eventResultsList(options: ResultOptions<R> = {}): Promise<R[]> {
    return resultValues(this[RECORD], this[FRAME], options as ResultOptions) as Promise<R[]>;
  }

  /** A new event with the same fields and settings, to be emitted again. */
  eventReset(): this {
    const { kind, payload, settings, rare } = this[RECORD];
    const record = new EventRecord(kind, structuredClone(payload), settings);
    if (rare !== noRareEvent) {
      const { version, resultType, extras, loadedType } = rare;
      Object.assign(record.makeRare(), { version, resultType, extras, loadedType });
    }
    return kind.view(record, null) as this;
  }

  /** The event, its handlers and its children as a tree, for people. */
  eventLogTree(): string {
    return eventTree(this[RECORD]);
  }

  toJSON(): { [key: string]: Json } {
    return recordToJson(this[RECORD]);
  }

  toString(): string {
    return eventLine(this[RECORD]);
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `${this} ${JSON.stringify(this[RECORD].payload)}`;
  }

  private setting<Name extends Exclude<EventSettingName, "event_handler_timeout">>(
    name: Name,
  ): EventSettings[Name] | undefined {
    const { settings, defaults } = this[RECORD];
    const own = settings[name];
    // Null is a value of limits, and for a mode it is the bus's.
    if (own !== undefined && (own !== null || name.endsWith("_timeout"))) return own;
    const frame = this[FRAME];
    const bus = frame !== null && frame.record === this[RECORD] ? frame.run.bus.settings : defaults;
    return bus?.[name] ?? own;
  }

  private changeSetting(name: EventSettingName, value: unknown): void {
    const record = this[RECORD];
    record.settings = { ...record.settings, [name]: checkEventSetting(name, value) };
  }
}
