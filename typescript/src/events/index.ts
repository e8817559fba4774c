// The public names of the event bus.

export { BaseEvent, type BoundBus, type EventClass, type EventOf } from "./base_event.ts";
export type { BusJson } from "./bus_json.ts";
export { Deadline } from "./deadline.ts";
export {
  EventCycleError,
  EventHandlerAbortedError,
  EventHandlerCancelledError,
  EventHandlerError,
  EventHandlerResultSchemaError,
  EventHandlerTimeoutError,
  EventHistoryFullError,
  EventRecursionError,
  WaitTimeoutError,
} from "./errors.ts";
export { EventBus, type EventBusOptions, type Handler, type HandlerReturn } from "./event_bus.ts";
export { EventHandler, type HandlerFunction, type HandlerOptions } from "./event_handler.ts";
export type { EventInput, EventShape, OwnSettings, ResultOf } from "./event_type.ts";
export type { FindOptions } from "./find.ts";
export { BusHistory as EventHistory } from "./history.ts";
export type { EventBusMiddleware } from "./hooks.ts";
export type { Json } from "./input.ts";
export { EventLock } from "./lock.ts";
export { InMemoryLockManager } from "./lock_manager.ts";
export { type LogKind, type LogRecord, type LogSink, useLogSink } from "./logger.ts";
export {
  type EventConcurrencyMode,
  type EventHandlerCompletionMode,
  type EventHandlerConcurrencyMode,
  type EventStatus,
  eventConcurrencyModes,
  eventStatuses,
  handlerCompletionModes,
  handlerConcurrencyModes,
  type ResultStatus,
  resultStatuses,
} from "./modes.ts";
export type { ReadOptions, ResultOptions } from "./reading.ts";
export { type Bus, type EventFacade, EventResult, type LockManager } from "./records.ts";
export { withSavedHandlerErrors, withSlowMonitor, withTimeout } from "./scopes.ts";
export type { BusSettings, EventSettings, Limit } from "./settings.ts";
export { SlowMonitor } from "./slow_monitor.ts";
