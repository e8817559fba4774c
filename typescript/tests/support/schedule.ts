// A random schedule: buses, handlers with scripts, emissions, and what must hold whatever they do.

import fc from "fast-check";
import type {
  BaseEvent,
  EventBus,
  EventBusOptions,
  EventConcurrencyMode,
  EventHandlerCompletionMode,
  EventHandlerConcurrencyMode,
} from "../../src/events/index.ts";
import { EventBus as Bus } from "../../src/events/index.ts";
import { eventType, type Timeline } from "./timeline.ts";

export interface Mode {
  event_concurrency: EventConcurrencyMode;
  event_handler_concurrency: EventHandlerConcurrencyMode;
  event_handler_completion: EventHandlerCompletionMode;
}

type Step =
  | { do: "sleep"; seconds: number; stubborn: boolean }
  | { do: "emit"; type: number; bus: number; how: "forget" | "await" | "wait" | "first" }
  | { do: "together"; types: [number, number]; bus: number }
  | { do: "forward"; bus: number }
  | { do: "block"; seconds: number }
  | { do: "fail" }
  | { do: "return"; value: number | null };

interface HandlerPlan {
  bus: number;
  /** -1 is "*". */
  type: number;
  timeout: number | null | undefined;
  steps: Step[];
}

interface Emission {
  after: number;
  bus: number;
  type: number;
  timeout: number | null | undefined;
  concurrency: EventConcurrencyMode | undefined;
}

export interface Schedule {
  handlers: HandlerPlan[];
  emissions: Emission[];
  history: number | null;
}

const typeNames = ["T0", "T1", "T2"];
const types = typeNames.map(eventType);
const deepest = 3;
const buses = 3;

const bus = fc.nat({ max: buses - 1 });
const type = fc.nat({ max: types.length - 1 });
const seconds = fc.constantFrom(0, 1, 2, 5);
const limit = fc.constantFrom(undefined, undefined, undefined, null, 1, 3);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("sleep" as const), seconds, stubborn: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("emit" as const),
      type,
      bus,
      how: fc.constantFrom("forget" as const, "await" as const, "await" as const, "wait" as const, "first" as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("together" as const), types: fc.tuple(type, type), bus }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("forward" as const), bus }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("block" as const), seconds }) },
  { weight: 1, arbitrary: fc.constant({ do: "fail" as const }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("return" as const), value: fc.constantFrom(null, 1, 2) }) },
);

export const schedules: fc.Arbitrary<Schedule> = fc.record({
  handlers: fc.array(
    fc.record({ bus, type: fc.integer({ min: -1, max: 2 }), timeout: limit, steps: fc.array(step, { maxLength: 3 }) }),
    { minLength: 2, maxLength: 6 },
  ),
  emissions: fc.array(
    fc.record({
      after: seconds,
      bus,
      type,
      timeout: limit,
      concurrency: fc.constantFrom(undefined, undefined, undefined, "parallel" as const, "bus-serial" as const),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  history: fc.constantFrom(null, 0, 2, 100),
});

/** One call of a handler, as the handler itself sees it. */
interface Call {
  event: BaseEvent;
  bus: EventBus;
  mode: EventConcurrencyMode | null | undefined;
  serial: boolean;
  jumps: Set<string>;
  waits: number;
}

export class Experiment {
  private readonly time: Timeline;
  private readonly buses: EventBus[];
  private readonly calls = new Set<Call>();
  private readonly scripts = new Set<string>();
  private readonly emitted: BaseEvent[] = [];
  private readonly ran = new Map<string, number>();
  readonly faults: string[] = [];

  constructor(time: Timeline, mode: Mode, schedule: Schedule) {
    this.time = time;
    const options: EventBusOptions = { ...mode, max_history_size: schedule.history, event_timeout: 20 };
    this.buses = Array.from({ length: buses }, (_, index) => new Bus(`B${index}`, options));
    for (const plan of schedule.handlers) this.register(plan);
  }

  private bus(index: number): EventBus {
    const found = this.buses[index];
    if (found === undefined) throw new Error(`no bus ${index}`);
    return found;
  }

  private make(index: number, depth: number, options: object = {}): BaseEvent {
    const found = types[index];
    if (found === undefined) throw new Error(`no type ${index}`);
    const event = new found({ depth, ...options });
    this.emitted.push(event);
    return event;
  }

  private register({ bus, type, timeout, steps }: HandlerPlan): void {
    const home = this.bus(bus);
    const options = timeout === undefined ? {} : { handler_timeout: timeout };
    const entry = home.on(
      type < 0 ? "*" : (typeNames[type] ?? "*"),
      async (event) => {
        const key = `${event.event_id}/${entry.id}`;
        this.ran.set(key, (this.ran.get(key) ?? 0) + 1);
        const serial = event.event_handler_concurrency === "serial";
        const call: Call = { event, bus: home, mode: event.event_concurrency, serial, jumps: new Set(), waits: 0 };
        this.checkLimits(call);
        this.calls.add(call);
        this.scripts.add(key);
        event.signal.addEventListener("abort", () => this.calls.delete(call));
        try {
          return await this.play(steps, call);
        } finally {
          this.calls.delete(call);
          this.scripts.delete(key);
        }
      },
      options,
    );
  }

  /** Nobody else may run that the modes keep out. */
  private checkLimits(call: Call): void {
    for (const other of this.calls) {
      if (other.event.event_id === call.event.event_id) {
        if (call.serial && other.serial && other.waits === 0) this.faults.push("two serial handlers at once");
        continue;
      }
      const sameLock =
        (call.mode === "bus-serial" && other.mode === "bus-serial" && call.bus === other.bus) ||
        (call.mode === "global-serial" && other.mode === "global-serial");
      const nested = this.waitsFor(other, call.event.event_id) || this.waitsFor(call, other.event.event_id);
      if (sameLock && !nested) this.faults.push(`two ${call.mode} events at once`);
    }
  }

  /** Whether some handler of the event that `outer` handles awaits the other event, directly or not. */
  private waitsFor(outer: Call, eventId: string): boolean {
    const seen = new Set<string>();
    const siblings = [...this.calls].filter((call) => call.event.event_id === outer.event.event_id);
    const open = siblings.flatMap((call) => [...call.jumps]);
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (id === eventId) return true;
      if (seen.has(id)) continue;
      seen.add(id);
      for (const call of this.calls) if (call.event.event_id === id) open.push(...call.jumps);
      for (const event of this.emitted) if (event.event_parent_id === id) open.push(event.event_id);
    }
    return false;
  }

  private async play(steps: readonly Step[], call: Call): Promise<unknown> {
    for (const each of steps) {
      if (each.do === "return") return each.value ?? undefined;
      await this.step(each, call);
    }
    return undefined;
  }

  private async step(each: Exclude<Step, { do: "return" }>, call: Call): Promise<void> {
    const { event } = call;
    const depth = (event as unknown as { depth: number }).depth + 1;
    switch (each.do) {
      case "sleep":
        return this.sleep(each.seconds, each.stubborn ? null : event.signal);
      case "block":
        return this.time.clock.block(each.seconds);
      case "fail":
        throw new Error("scripted");
      case "forward":
        this.bus(each.bus).emit(event);
        return;
      case "emit": {
        if (depth > deepest) return;
        const child = event.emit(this.make(each.type, depth), this.bus(each.bus));
        if (each.how !== "forget") await this.wait(call, child, each.how);
        return;
      }
      case "together": {
        if (depth > deepest) return;
        const children = each.types.map((type) => event.emit(this.make(type, depth), this.bus(each.bus)));
        await Promise.all(children.map((child) => this.wait(call, child, "await")));
        return;
      }
      default:
        return each satisfies never;
    }
  }

  private async wait(call: Call, child: BaseEvent, how: "await" | "wait" | "first"): Promise<void> {
    call.waits += 1;
    if (how !== "wait") call.jumps.add(child.event_id);
    try {
      if (how === "await") await child.done();
      else if (how === "wait") await child.eventCompleted();
      else await child.first();
    } catch (error) {
      if (
        !(error instanceof Error) ||
        !["EventCycleError", "EventHandlerAbortedError", "EventHandlerTimeoutError"].includes(error.name)
      ) {
        this.faults.push(`an await threw ${error}`);
      }
      if (error instanceof Error && error.name !== "EventCycleError") throw error;
    } finally {
      call.waits -= 1;
      call.jumps.delete(child.event_id);
    }
  }

  private sleep(seconds: number, signal: AbortSignal | null): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.time.clock.sleep(seconds, resolve);
      signal?.addEventListener("abort", () => {
        timer.cancel();
        reject(signal.reason);
      });
    });
  }

  async run(emissions: readonly Emission[]): Promise<void> {
    for (const { after, bus, type, timeout, concurrency } of emissions) {
      const options = {
        ...(timeout === undefined ? {} : { event_timeout: timeout }),
        ...(concurrency === undefined ? {} : { event_concurrency: concurrency }),
      };
      this.bus(bus).emit(this.make(type, 0, options));
      if (after > 0) await this.time.sleep(after);
    }
    await this.settle();
    // Handlers that went on after their end may have emitted something.
    do {
      await this.time.sleep(10);
      await this.settle();
    } while (this.scripts.size > 0);
  }

  private async settle(): Promise<void> {
    for (let idle = false; !idle; ) {
      for (const each of this.buses) await each.waitUntilIdle();
      idle = (await Promise.all(this.buses.map((each) => each.waitUntilIdle(0)))).every(Boolean);
    }
  }

  /** What must hold when all is over. */
  async check(): Promise<void> {
    for (const event of this.emitted) {
      if (event.event_path.length === 0) this.faults.push("an event was never emitted");
      if (event.event_status !== "completed") this.faults.push(`an event is ${event.event_status}`);
      for (const result of event.event_results.values()) {
        const runs = this.ran.get(`${event.event_id}/${result.handler_id}`) ?? 0;
        if (result.status !== "completed" && result.status !== "error")
          this.faults.push(`a result is ${result.status}`);
        const isNever = result.error instanceof Error && result.error.name === "EventHandlerCancelledError";
        const isRefused = result.error instanceof Error && result.error.name === "EventRecursionError";
        if (runs !== (isNever || isRefused ? 0 : 1)) this.faults.push(`a handler ran ${runs} times: ${result.error}`);
      }
    }
    if (this.time.clock.busTimers > 0) this.faults.push(`${this.time.clock.busTimers} timers are left`);
    for (const each of this.buses) {
      for (const result of await each.stop({ timeout: 0 })) {
        const key = `${result.event_id}/${result.handler_id}`;
        if (!this.scripts.has(key)) this.faults.push("a handler counts as abandoned and has ended");
      }
      if (each.pending_events > 0) this.faults.push("a queue is not empty");
    }
    await this.time.sleep(0);
  }
}
