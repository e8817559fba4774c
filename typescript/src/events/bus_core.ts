// One bus: its handlers, its queue and the loop that works it off. Emitting is synchronous and never runs a handler;
// the loop looks at its queue once per turn. What happens to an event from there on stands in processing.ts.

import { ambientFrame, captureContext } from "./context.ts";
import { EventHandler, type HandlerFunction, type HandlerOptions } from "./event_handler.ts";
import { Fifo, Link } from "./fifo.ts";
import { FindWaiters } from "./find.ts";
import { BusHistory } from "./history.ts";
import { BusHooks, type EventBusMiddleware } from "./hooks.ts";
import { newId } from "./ids.ts";
import { noSettings } from "./kinds.ts";
import { appended } from "./lists.ts";
import { EventLock } from "./lock.ts";
import { InMemoryLockManager } from "./lock_manager.ts";
import { isThenable, type MaybePromise } from "./maybe.ts";
import { startRun } from "./processing.ts";
import {
  type Bus,
  type EventFacade,
  type EventRecord,
  type EventResult,
  EventRun,
  FRAME,
  type LockManager,
  RECORD,
} from "./records.ts";
import { refuseAtRest } from "./refusing.ts";
import { type BusSettings, checkLimit, EffectiveSettings } from "./settings.ts";
import { stampMicros, stampNow } from "./stamps.ts";
import { stopRun, unqueue } from "./stop.ts";
import { isJumped, waitsForRun } from "./waits.ts";

/** So many awaited events start inside each other at once; deeper ones start in the next turn, to spare the stack. */
const deepest = 32;
let nested = 0;

export interface BusParts {
  readonly name: string;
  readonly id: string;
  readonly settings: BusSettings;
  readonly globalLock: EventLock;
  readonly middlewares: readonly EventBusMiddleware[];
  readonly lockManager: ((bus: Bus) => LockManager) | undefined;
  /** The bus as `frame` has it. */
  bound(frame: EventResult | null): unknown;
}

/** By the settings of buses: those that set nothing share both. */
const plainSettings = new WeakMap<BusSettings, EffectiveSettings>();

function plainSettingsOf(settings: BusSettings): EffectiveSettings {
  let plain = plainSettings.get(settings);
  if (plain === undefined) {
    plain = new EffectiveSettings(noSettings, settings);
    plainSettings.set(settings, plain);
  }
  return plain;
}

export class BusCore implements Bus {
  readonly id: string;
  readonly name: string;
  readonly settings: BusSettings;
  readonly plainSettings: EffectiveSettings;
  readonly lock: EventLock;
  readonly globalLock: EventLock;
  readonly locks: LockManager;
  readonly hooks: BusHooks | null;
  readonly foldsResults: boolean;
  readonly history: BusHistory;
  readonly queue = new Fifo<EventRun>();
  readonly ready = new Fifo<EventRun>();
  /** What is not complete, whether it is remembered or not. */
  readonly open = new Fifo<EventRun>();
  readonly bound: (frame: EventResult | null) => unknown;
  looping: EventRun | null = null;
  stopped = false;
  private woken = false;
  private idleWaiters: (() => void)[] | null = null;
  private findWaiters: FindWaiters | null = null;
  private abandonedResults: Set<EventResult> | null = null;
  private readonly entries = new Map<string, EventHandler[]>();
  /** The handlers of a type with those of "*" behind; made when first asked for. */
  private byType: Map<string, readonly EventHandler[]> | null = null;
  /** Those that were asked for last. Most buses have one type, and need no more. */
  private lastType: string | null = null;
  private lastHandlers: readonly EventHandler[] = [];

  constructor(parts: BusParts) {
    this.id = parts.id;
    this.name = parts.name;
    this.settings = parts.settings;
    this.bound = parts.bound;
    this.plainSettings = plainSettingsOf(parts.settings);
    this.lock = new EventLock(parts.name, waitsForRun);
    this.globalLock = parts.globalLock;
    this.history = new BusHistory(parts.settings.max_history_size, parts.settings.max_history_drop);
    this.locks = parts.lockManager?.(this) ?? new InMemoryLockManager(this);
    this.foldsResults = parts.lockManager === undefined && parts.middlewares.length === 0;
    this.hooks = parts.middlewares.length > 0 ? new BusHooks(this, parts.bound(null), parts.middlewares) : null;
  }

  register(pattern: string, handler: HandlerFunction, options: HandlerOptions, filePath: string | null): EventHandler {
    checkLimit("handler_timeout", options.handler_timeout);
    checkLimit("handler_slow_timeout", options.handler_slow_timeout);
    const now = stampNow();
    const id = options.id ?? newId(stampMicros(now));
    if (this.allHandlers().some((entry) => entry.id === id)) throw new RangeError(`${this.name} has a handler ${id}`);
    const entry = new EventHandler(id, pattern, handler, now, options, filePath);
    const list = this.entries.get(pattern);
    if (list === undefined) this.entries.set(pattern, [entry]);
    else list.push(entry);
    this.forgetTypes();
    this.hooks?.handlers(entry, true);
    return entry;
  }

  /** Removes the handlers of `pattern` that `which` names; all of them without it. */
  unregister(pattern: string, which?: EventHandler | HandlerFunction | string): void {
    const list = this.entries.get(pattern);
    if (list === undefined) return;
    const leaves = (entry: EventHandler): boolean =>
      which === undefined || entry === which || entry.handler === which || entry.id === which;
    const gone = list.filter(leaves);
    this.entries.set(
      pattern,
      list.filter((entry) => !leaves(entry)),
    );
    this.forgetTypes();
    for (const entry of gone) this.hooks?.handlers(entry, false);
  }

  private forgetTypes(): void {
    this.byType = null;
    this.lastType = null;
  }

  allHandlers(): EventHandler[] {
    return [...this.entries.values()].flat();
  }

  handlersFor(eventType: string): readonly EventHandler[] {
    if (eventType === this.lastType) return this.lastHandlers;
    if (this.lastType !== null) {
      this.byType ??= new Map();
      this.byType.set(this.lastType, this.lastHandlers);
    }
    let list = this.byType?.get(eventType);
    if (list === undefined && !this.entries.has("*")) list = this.entries.get(eventType);
    if (list === undefined) {
      list = [...(this.entries.get(eventType) ?? []), ...(eventType === "*" ? [] : (this.entries.get("*") ?? []))];
    }
    this.lastType = eventType;
    this.lastHandlers = list;
    return list;
  }

  emit<E extends EventFacade>(event: E, caller: EventResult | null | undefined): E {
    if (this.stopped) throw new Error(`${this.name} was stopped and takes no events`);
    const record = event[RECORD];
    if (record.runOn(this) !== null) return event;
    this.history.checkRoom(this.open.size);
    const isFirst = record.firstRun === null;
    const wasComplete = record.completed;
    record.open();
    if (isFirst) this.adopt(event, caller);
    else if (wasComplete) captureContext(record);
    const settings =
      record.settings === noSettings ? this.plainSettings : new EffectiveSettings(record.settings, this.settings);
    const run = new EventRun(this, record, settings);
    record.addRun(run);
    this.history.add(run);
    run.live.openLink = new Link(run);
    this.open.push(run.live.openLink);
    this.hooks?.event(record, "pending");
    const waits = settings.concurrency !== "parallel" && (isFirst || !isJumped(record));
    run.live.queueLink = new Link(run);
    (waits ? this.queue : this.ready).push(run.live.queueLink);
    if (waits && (record.live.holds !== null || !isFirst)) refuseAtRest(record);
    this.findWaiters?.offer(event);
    this.wake();
    return event;
  }

  private adopt(event: EventFacade, caller: EventResult | null | undefined): void {
    const record = event[RECORD];
    record.live.facade = event;
    captureContext(record);
    const frame = caller === undefined ? ambientFrame() : caller;
    if (!frame?.alive) return;
    event[FRAME] = frame;
    record.emittedBy = frame;
    record.live.holds = frame.record;
    frame.record.live.openChildren += 1;
    frame.children = appended(frame.children, record);
  }

  private wake(): void {
    if (this.woken || (this.ready.size === 0 && (this.looping !== null || this.queue.size === 0))) return;
    this.woken = true;
    queueMicrotask(() => this.turn());
  }

  private turn(): void {
    this.woken = false;
    for (let run = this.ready.shift(); run !== null; run = this.ready.shift()) this.startAlone(run);
    if (this.looping !== null) return;
    const run = this.queue.shift();
    if (run === null) return;
    this.looping = run;
    const next = (): void => {
      if (this.looping !== run) return;
      this.looping = null;
      this.turn();
    };
    const outcome = this.start(run);
    if (!isThenable(outcome)) this.release(run);
    else {
      outcome.then(next, (error: unknown) => {
        this.failed(run, error);
        next();
      });
    }
  }

  release(run: EventRun): void {
    if (this.looping !== run) return;
    this.looping = null;
    this.wake();
  }

  takeOver(run: EventRun): void {
    if (run.state === "waiting") this.release(run);
    if (run.state !== "queued") return;
    unqueue(run);
    const { queueLink } = run.live;
    if (nested === deepest && queueLink !== null) {
      this.ready.push(queueLink);
      this.wake();
      return;
    }
    nested += 1;
    this.startAlone(run);
    nested -= 1;
  }

  private start(run: EventRun): MaybePromise<void> {
    try {
      return startRun(run);
    } catch (error) {
      this.failed(run, error);
      return undefined;
    }
  }

  /** Starts a run that nobody's loop waits for. */
  private startAlone(run: EventRun): void {
    const outcome = this.start(run);
    if (isThenable(outcome)) outcome.then(undefined, (error: unknown) => this.failed(run, error));
  }

  /** A lock manager that fails ends the event. */
  private failed(run: EventRun, cause: unknown): void {
    stopRun(run, { text: "its bus could not process it", cause });
  }

  finished(run: EventRun): void {
    const { openLink } = run.live;
    if (openLink === null || !this.open.remove(openLink) || this.open.size > 0) return;
    const waiters = this.idleWaiters;
    if (waiters === null) return;
    this.idleWaiters = null;
    for (const resume of waiters) resume();
  }

  /** Remembers an event that was processed elsewhere. */
  remember(record: EventRecord): void {
    const run = new EventRun(this, record, this.plainSettings, "final");
    this.history.add(run);
    if (!record.completed) return;
    this.history.completed(run);
    run.close();
  }

  /** Calls `resume` once nothing is open; the return value takes the request back. */
  whenIdle(resume: () => void): () => void {
    this.idleWaiters = appended(this.idleWaiters, resume);
    return () => {
      this.idleWaiters = this.idleWaiters?.filter((each) => each !== resume) ?? null;
    };
  }

  /** Name and the end of the id. */
  get label(): string {
    return `${this.name}#${this.id.slice(-8)}`;
  }

  get abandoned(): Set<EventResult> {
    this.abandonedResults ??= new Set();
    return this.abandonedResults;
  }

  /** Those who wait for events to be emitted. */
  get finds(): FindWaiters {
    this.findWaiters ??= new FindWaiters();
    return this.findWaiters;
  }

  /** Takes no more events and ends what is open. */
  shut(): void {
    this.stopped = true;
    for (const run of [...this.open]) stopRun(run, { text: `${this.name} was stopped` });
    this.findWaiters?.close();
  }

  clear(): void {
    this.history.clear();
    this.entries.clear();
    this.forgetTypes();
  }
}
