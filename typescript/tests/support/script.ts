// The scripts of scenarios: what handlers and the driver do, step by step.

import type { BaseEvent, EventResult } from "../../src/events/index.ts";
import { compareState } from "./compare.ts";
import type { Expectation, HandlerSpec, Options, Step } from "./scenario_types.ts";
import { named, type World } from "./world.ts";

/** Ends a script with a value. */
class Return {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

/** Ends steps that their `within` gave up. */
class Abandoned extends Error {}

interface Interruption {
  readonly signal: AbortSignal;
  /** Whether it has interrupted these steps already. */
  delivered: boolean;
}

export class Script {
  private readonly world: World;
  private readonly event: BaseEvent | null;
  private readonly home: string;
  private readonly interruption: Interruption | null;
  private readonly givenUp: () => boolean;

  constructor(
    world: World,
    home: string,
    event: BaseEvent | null,
    interruption: Interruption | null,
    givenUp = () => false,
  ) {
    this.world = world;
    this.home = home;
    this.event = event;
    this.interruption = interruption;
    this.givenUp = givenUp;
  }

  private branch(changes: { interruption?: Interruption | null; givenUp?: () => boolean }): Script {
    const { interruption = this.interruption, givenUp = this.givenUp } = changes;
    return new Script(this.world, this.home, this.event, interruption, givenUp);
  }

  private text(value: unknown): string {
    const name = this.event === null ? "" : this.world.nameOf(this.event);
    return String(value).replaceAll("$e", name);
  }

  /** Rejects when the handler's result becomes final, once. */
  private wait<T>(promise: Promise<T>): Promise<T> {
    const { interruption } = this;
    if (interruption === null || interruption.delivered) return promise;
    const { signal } = interruption;
    return new Promise((resolve, reject) => {
      const interrupt = (): void => {
        if (interruption.delivered) return;
        interruption.delivered = true;
        promise.catch(() => undefined);
        reject(signal.reason);
      };
      if (signal.aborted) {
        interrupt();
        return;
      }
      signal.addEventListener("abort", interrupt);
      const leave = (): void => signal.removeEventListener("abort", interrupt);
      promise.then(
        (value) => {
          leave();
          resolve(value);
        },
        (error: unknown) => {
          leave();
          if (signal.aborted) interruption.delivered = true;
          reject(error);
        },
      );
    });
  }

  private sleep(seconds: number): Promise<void> {
    let timer: { cancel(): void } | null = null;
    const slept = this.wait(
      new Promise<void>((resolve) => {
        timer = this.world.clock.sleep(seconds, resolve);
      }),
    );
    return slept.finally(() => timer?.cancel());
  }

  private outcome(value: unknown): string {
    if (value === undefined || value === null) return "none";
    if (typeof value === "object" && value !== null && "event_id" in value) {
      return `event:${this.world.nameOf(value as BaseEvent)}`;
    }
    return JSON.stringify(value);
  }

  private failure(error: unknown): string {
    if (error instanceof AggregateError) return `!group[${error.errors.map((each) => nameOfError(each)).join(",")}]`;
    return `!${nameOfError(error)}`;
  }

  private value(given: unknown): unknown {
    if (typeof given !== "object" || given === null || Array.isArray(given)) return given;
    const { $none, $event, $field } = given as { $none?: boolean; $event?: string; $field?: string };
    if ($none) return undefined;
    if ($event !== undefined) return this.world.event(this.text($event));
    if ($field !== undefined) return (this.event as unknown as Record<string, unknown>)[$field];
    return given;
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      if (this.givenUp()) throw new Abandoned();
      if (step.as === undefined && this.syncStep(step)) continue;
      if (step.as === undefined || "within" in step || "context" in step) {
        await this.step(step);
        continue;
      }
      const label = this.text(step.as);
      try {
        this.world.say(`${label}=${this.outcome(await this.step(step))}`);
      } catch (error) {
        if (error instanceof Return || error instanceof Abandoned) throw error;
        this.world.say(`${label}=${this.failure(error)}`);
      }
    }
  }

  runSync(steps: readonly Step[]): unknown {
    for (const step of steps) {
      try {
        this.syncStep(step);
      } catch (error) {
        if (error instanceof Return) return error.value;
        throw error;
      }
    }
    return undefined;
  }

  async runHandler(steps: readonly Step[]): Promise<unknown> {
    try {
      await this.run(steps);
    } catch (error) {
      if (error instanceof Return) return error.value;
      throw error;
    }
    return undefined;
  }

  private target(step: Step): ReturnType<World["bus"]> {
    return this.world.bus(step.on ?? this.home);
  }

  private send(step: Step, event: BaseEvent): BaseEvent {
    const bus = this.target(step);
    return this.event === null ? bus.emit(event) : this.event.emit(event, bus);
  }

  private named(step: Step, key: string): BaseEvent {
    const event = this.world.event(this.text(step[key]));
    return this.event === null ? event : this.event.attach(event);
  }

  /** Steps that need no time; whether the step is one. */
  private syncStep(step: Step): boolean {
    const { world } = this;
    if ("log" in step) world.say(this.text(step.log));
    else if ("block" in step) world.clock.block(step.block as number);
    else if ("new" in step) {
      world.make(this.text(step.new), this.text(step.type), step.fields as object, step.options as Options);
    } else if ("emit" in step) {
      const name = this.text(step.emit);
      const event =
        step.type === undefined
          ? world.event(name)
          : world.make(name, this.text(step.type), step.fields as object, step.options as Options);
      this.send(step, event);
    } else if ("emit_many" in step) {
      for (let index = 0; index < (step.emit_many as number); index++) {
        const name = `${this.text(step.prefix)}${index}`;
        this.send(step, world.make(name, this.text(step.type), step.fields as object, step.options as Options));
      }
    } else if ("forward" in step) world.bus(step.forward).emit(this.event as BaseEvent);
    else if ("reset" in step) world.add(this.text(step.bind), world.event(this.text(step.reset)).eventReset());
    else if ("check" in step) compareState(world, step.check as Expectation, this.event);
    else if ("off" in step) {
      const spec = world.handlers.get(String(step.off));
      const entry = world.registrations.get(String(step.off));
      if (spec && entry) world.bus(spec.bus).off(spec.on, entry);
    } else if ("return" in step) throw new Return(this.value(step.return));
    else if ("raise" in step) throw this.error(String(step.raise), String(step.message ?? ""));
    else if ("dump" in step) this.dump(step);
    else if ("context" in step) this.context(step);
    else if (Object.keys(step)[0] === "on") register(world, String(step.on));
    else return false;
    return true;
  }

  private error(name: string, message: string): unknown {
    return named(name === "Cancelled" ? "AbortError" : name, message);
  }

  private async step(step: Step): Promise<unknown> {
    const { world } = this;
    const options = pick(step, ["timeout", "raise_if_any", "raise_if_none"]);
    if ("find" in step) return this.find(step);
    if ("first" in step) return this.wait(this.named(step, "first").first(options));
    if ("result" in step) return this.wait(this.named(step, "result").eventResult(options));
    if ("results" in step) return this.wait(this.named(step, "results").eventResultsList(options));
    if ("await" in step) return this.wait(this.named(step, "await").done());
    if ("completed" in step) return this.wait(this.named(step, "completed").eventCompleted());
    if ("sleep" in step) return this.sleep(step.sleep as number);
    if ("idle" in step) return this.wait(world.bus(step.idle).waitUntilIdle((step.timeout ?? null) as number | null));
    if ("stop" in step) {
      const { timeout = null, clear = false } = step as { timeout?: number | null; clear?: boolean };
      const left = await this.wait(world.bus(step.stop).stop({ timeout, clear }));
      return left.map((result: EventResult) => result.handler_name).sort();
    }
    if ("relation" in step) {
      const [of, to] = [world.event(this.text(step.of)), world.event(this.text(step.to))];
      const bus = this.target(step);
      return step.relation === "child_of" ? bus.eventIsChildOf(of, to) : bus.eventIsParentOf(of, to);
    }
    if ("gather" in step) return this.gather(step.gather as Step[][]);
    if ("spawn" in step) {
      const script = this.branch({ interruption: null });
      const task = script.run(step.do as Step[]);
      task.catch(() => undefined);
      world.tasks.set(this.text(step.spawn), task);
      return undefined;
    }
    if ("join" in step) return this.wait(world.tasks.get(this.text(step.join)) ?? Promise.resolve());
    if ("within" in step) return this.within(step);
    if ("swallow" in step) return this.swallow(step.swallow as Step[]);
    if ("try" in step) {
      try {
        await this.run(step.try as Step[]);
      } finally {
        await this.run((step.finally ?? []) as Step[]);
      }
      return undefined;
    }
    if (this.syncStep(step)) return "emit" in step ? world.event(this.text(step.emit)) : undefined;
    throw new Error(`the table has no step ${JSON.stringify(step)}`);
  }

  private async gather(lists: Step[][]): Promise<void> {
    const branches = lists.map((steps) => {
      const { interruption } = this;
      return this.branch({ interruption: interruption === null ? null : { ...interruption } }).run(steps);
    });
    const outcomes = await Promise.allSettled(branches);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") {
        if (this.interruption?.signal.aborted) this.interruption.delivered = true;
        throw outcome.reason;
      }
    }
  }

  private async within(step: Step): Promise<void> {
    let over = false;
    const script = this.branch({ givenUp: () => over || this.givenUp() });
    const ok = await new Promise<boolean>((resolve, reject) => {
      const timer = this.world.clock.sleep(step.within as number, () => {
        over = true;
        resolve(false);
      });
      script.run(step.do as Step[]).then(
        () => {
          timer.cancel();
          resolve(true);
        },
        (error: unknown) => {
          timer.cancel();
          reject(error);
        },
      );
    });
    if (step.as !== undefined) this.world.say(`${this.text(step.as)}=${ok ? "ok" : "timeout"}`);
  }

  private async swallow(steps: Step[]): Promise<void> {
    try {
      await this.run(steps);
    } catch (error) {
      const signal = this.interruption?.signal;
      if (error instanceof Return || !signal?.aborted || error !== signal.reason) throw error;
    }
  }

  private async find(step: Step): Promise<unknown> {
    const {
      fields = {},
      where,
      child_of,
    } = step as { fields?: object; where?: Record<string, unknown>; child_of?: string };
    const predicate = (event: BaseEvent): boolean => {
      const values = event as unknown as Record<string, unknown>;
      return Object.entries(where ?? {}).every(([key, value]) => JSON.stringify(values[key]) === JSON.stringify(value));
    };
    return this.wait(
      this.target(step).find(String(step.find), {
        ...fields,
        ...pick(step, ["past", "future"]),
        ...(where === undefined ? {} : { where: predicate }),
        ...(child_of === undefined ? {} : { child_of: this.world.event(this.text(child_of)) }),
      }),
    );
  }

  private dump(step: Step): void {
    const event = this.world.event(this.text(step.dump));
    const json = JSON.parse(JSON.stringify(event)) as Record<string, unknown>;
    const { has = {}, lacks = [] } = step as { has?: Record<string, unknown>; lacks?: string[] };
    for (const [key, value] of Object.entries(has)) {
      if (JSON.stringify(json[key]) !== JSON.stringify(value)) {
        throw new Error(`${step.dump}.${key} is ${JSON.stringify(json[key])}, not ${JSON.stringify(value)}`);
      }
    }
    for (const key of lacks) if (key in json) throw new Error(`${step.dump} has ${key}`);
    const made = event.constructor as unknown as { fromJSON(json: unknown): BaseEvent };
    const again = JSON.stringify(made.fromJSON(json));
    if (sorted(JSON.parse(again)) !== sorted(json)) throw new Error(`${step.dump} changes when it is loaded: ${again}`);
  }

  private context(step: Step): void {
    const variable = this.world.variable(String(step.context));
    if (variable === null) return;
    if ("set" in step) variable.set(step.set);
    else this.world.say(`ctx:${this.text(step.as)}=${this.outcome(variable.get())}`);
  }
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}

function pick(step: Step, keys: string[]): Record<string, never> {
  return Object.fromEntries(keys.filter((key) => key in step).map((key) => [key, step[key] as never]));
}

export function nameOfError(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { cause } = error;
  return error.name === "EventHandlerError" && cause instanceof Error ? `EventHandlerError(${cause.name})` : error.name;
}

/** Registers a handler of the scenario. */
export function register(world: World, id: string): void {
  const spec = world.handlers.get(id);
  if (spec === undefined) throw new Error(`the scenario has no handler ${id}`);
  const options = {
    handler_name: id,
    ...("timeout" in spec ? { handler_timeout: spec.timeout as number | null } : {}),
    ...("slow_timeout" in spec ? { handler_slow_timeout: spec.slow_timeout as number | null } : {}),
  };
  world.registrations.set(id, world.bus(spec.bus).on(spec.on, handlerOf(world, spec), options));
}

function handlerOf(world: World, spec: HandlerSpec): (event: BaseEvent) => unknown {
  const call = (event: BaseEvent): string => `${event.event_id}/${world.registrations.get(spec.id)?.id}`;
  if (spec.kind === "sync") return (event) => new Script(world, spec.bus, event, null).runSync(spec.do);
  return async (event) => {
    const id = call(event);
    world.running.add(id);
    try {
      const interruption = { signal: event.signal, delivered: false };
      return await new Script(world, spec.bus, event, interruption).runHandler(spec.do);
    } finally {
      world.running.delete(id);
    }
  };
}
