// The errors of the bus. They carry what a program needs to act; their texts are for people.
//
//   Error
//   +-- EventHandlerError                a handler's call did not end with a result
//   |   +-- EventHandlerTimeoutError       its own limit passed
//   |   +-- EventHandlerAbortedError       it had started and was stopped from outside
//   |   +-- EventHandlerCancelledError     it never started and never will
//   |   +-- EventHandlerResultSchemaError  it returned something else than the event's result type
//   +-- EventCycleError                  an await that would make its own end impossible
//   +-- EventRecursionError              a handler re-entered itself too often
//   +-- EventHistoryFullError            emit, with max_history_drop off and nothing to drop
//   +-- WaitTimeoutError                 a wait (not the work) took longer than its caller allowed

export interface FailedEvent {
  readonly event_id: string;
  readonly event_type: string;
}

/** The call that an error belongs to: the event's result for one handler. */
export interface FailedCall {
  readonly event: FailedEvent;
  readonly handler_id: string;
  readonly handler_name: string;
}

export interface HandlerErrorDetails {
  cause?: unknown;
  timeout_seconds?: number | null;
}

export class EventHandlerError extends Error {
  override name = "EventHandlerError";
  readonly event_result: FailedCall;
  /** The limit that passed, in seconds; null when no limit is to blame. */
  readonly timeout_seconds: number | null;

  constructor(message: string, call: FailedCall, details: HandlerErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.event_result = call;
    this.timeout_seconds = details.timeout_seconds ?? null;
  }

  get event(): FailedEvent {
    return this.event_result.event;
  }

  get event_type(): string {
    return this.event.event_type;
  }

  get handler_id(): string {
    return this.event_result.handler_id;
  }

  get handler_name(): string {
    return this.event_result.handler_name;
  }
}

export class EventHandlerTimeoutError extends EventHandlerError {
  override name = "EventHandlerTimeoutError";
}

export class EventHandlerAbortedError extends EventHandlerError {
  override name = "EventHandlerAbortedError";
}

export class EventHandlerCancelledError extends EventHandlerError {
  override name = "EventHandlerCancelledError";
}

export class EventHandlerResultSchemaError extends EventHandlerError {
  override name = "EventHandlerResultSchemaError";
  readonly raw_value: unknown;
  readonly expected_schema: unknown;

  constructor(message: string, call: FailedCall, rawValue: unknown, expectedSchema: unknown, cause: unknown) {
    super(message, call, { cause });
    this.raw_value = rawValue;
    this.expected_schema = expectedSchema;
  }
}

export class EventCycleError extends Error {
  override name = "EventCycleError";
}

export class EventRecursionError extends Error {
  override name = "EventRecursionError";
}

export class EventHistoryFullError extends Error {
  override name = "EventHistoryFullError";
}

export class WaitTimeoutError extends Error {
  override name = "TimeoutError";
}
