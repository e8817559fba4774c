// Where the bus says what nobody asked for: slow bodies, late outcomes, failing middlewares. Records are data; the
// default sink writes warnings and errors to the console. Nothing in the bus reads them back.

/** What a record is about, and how loud it is. */
export const logKinds = {
  slow_event: "warning",
  slow_handler: "warning",
  blocked: "warning",
  late: "warning",
  middleware_error: "error",
  listener_error: "error",
} as const;

export type LogKind = keyof typeof logKinds;

export interface LogRecord {
  readonly kind: LogKind;
  readonly message: string;
  readonly bus: string;
  readonly event_type?: string;
  readonly event_id?: string;
  readonly handler_name?: string;
  readonly handler_id?: string;
  readonly elapsed_seconds?: number;
  /** Whether it came after its result was final. */
  readonly late?: boolean;
  readonly error?: unknown;
}

export type LogSink = (record: LogRecord) => void;

function toConsole({ kind, message, ...fields }: LogRecord): void {
  const level = logKinds[kind];
  switch (level) {
    case "warning":
      console.warn(message, fields);
      return;
    case "error":
      console.error(message, fields);
      return;
    default:
      level satisfies never;
  }
}

let sink: LogSink = toConsole;

/** Replaces the sink and returns the one it replaced; null is the console again. */
export function useLogSink(replacement: LogSink | null): LogSink {
  const replaced = sink;
  sink = replacement ?? toConsole;
  return replaced;
}

export function log(record: LogRecord): void {
  try {
    sink(record);
  } catch (error) {
    // A sink that fails must not change what the bus does.
    console.error("the log sink of the event bus failed", error);
  }
}
