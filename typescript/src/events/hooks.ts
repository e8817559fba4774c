// Middlewares: observers of a bus. They are called one after the other, outside of all limits; one that fails is
// logged, noted on the event, and changes nothing else.

import type { EventHandler } from "./event_handler.ts";
import { appended } from "./lists.ts";
import { log } from "./logger.ts";
import type { EventStatus, ResultStatus } from "./modes.ts";
import type { Bus, EventFacade, EventRecord, EventResult, Hooks } from "./records.ts";

export interface EventBusMiddleware<B = unknown> {
  onEventChange?(bus: B, event: EventFacade, status: EventStatus): unknown;
  onEventResultChange?(bus: B, event: EventFacade, result: EventResult, status: ResultStatus): unknown;
  onBusHandlersChange?(bus: B, handler: EventHandler, registered: boolean): unknown;
}

export class BusHooks implements Hooks {
  private readonly bus: Bus;
  private readonly facade: unknown;
  private readonly middlewares: readonly EventBusMiddleware[];
  private busTail: Promise<void> | null = null;

  constructor(bus: Bus, facade: unknown, middlewares: readonly EventBusMiddleware[]) {
    this.bus = bus;
    this.facade = facade;
    this.middlewares = middlewares;
  }

  event(record: EventRecord, status: EventStatus): Promise<void> {
    const event = record.kind.view(record, null);
    const call = (each: EventBusMiddleware): unknown => each.onEventChange?.(this.facade, event, status);
    if (status !== "pending") return this.enqueue(record, call);
    // Emissions are told in their order, and after the registrations before them.
    const { hookTail } = record.live;
    const calls = this.callAll(record, call);
    record.live.hookTail = this.inOrder(hookTail === null ? calls : () => hookTail.then(calls));
    return record.live.hookTail;
  }

  result(result: EventResult, status: ResultStatus): Promise<void> {
    const event = result.event;
    return this.enqueue(result.record, (each) => each.onEventResultChange?.(this.facade, event, result, status));
  }

  handlers(handler: EventHandler, registered: boolean): void {
    const calls = this.callAll(null, (each) => each.onBusHandlersChange?.(this.facade, handler, registered));
    this.inOrder(calls);
  }

  private inOrder(calls: () => Promise<void>): Promise<void> {
    const tail = this.busTail === null ? calls() : this.busTail.then(calls);
    this.busTail = tail;
    tail.then(() => {
      if (this.busTail === tail) this.busTail = null;
    });
    return tail;
  }

  private enqueue(record: EventRecord, call: (each: EventBusMiddleware) => unknown): Promise<void> {
    const calls = this.callAll(record, call);
    record.live.hookTail = record.live.hookTail === null ? calls() : record.live.hookTail.then(calls);
    return record.live.hookTail;
  }

  private callAll(record: EventRecord | null, call: (each: EventBusMiddleware) => unknown): () => Promise<void> {
    return async () => {
      for (const middleware of this.middlewares) {
        try {
          await call(middleware);
        } catch (error) {
          this.failed(record, error);
        }
      }
    };
  }

  private failed(record: EventRecord | null, error: unknown): void {
    if (record !== null) {
      const rare = record.makeRare();
      rare.middlewareErrors = appended(rare.middlewareErrors, error);
    }
    log({
      kind: "middleware_error",
      message: "a middleware of the event bus failed",
      bus: this.bus.name,
      ...(record === null ? {} : { event_type: record.typeName, event_id: record.id }),
      error,
    });
  }
}
