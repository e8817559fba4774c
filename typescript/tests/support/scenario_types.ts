// The scenario table, as its README gives it.

export interface Scenario {
  id: string;
  title?: string;
  shows: string[];
  languages?: string[];
  buses: Record<string, BusSpec>;
  events?: Record<string, EventSpec>;
  forward?: [string, string][];
  handlers?: HandlerSpec[];
  driver: Step[];
  expect: Expectation;
}

export type Options = Record<string, string | number | boolean | null>;

export interface BusSpec {
  middlewares?: MiddlewareSpec[];
  [option: string]: unknown;
}

export interface MiddlewareSpec {
  name: string;
  log?: boolean;
  raise?: ("event" | "result" | "handlers")[];
  sleep?: number;
}

export interface EventSpec {
  result?: string;
  fields?: Record<string, string>;
  options?: Options;
}

export interface HandlerSpec {
  id: string;
  bus: string;
  on: string;
  kind?: "async" | "sync";
  timeout?: number | null;
  slow_timeout?: number | null;
  registered?: boolean;
  do: Step[];
}

/** One key names the step; the others belong to it. */
export interface Step {
  [key: string]: unknown;
  as?: string;
}

export interface ByLanguage<T> {
  python: T;
  typescript: T;
}

export type LogEntry = string | ByLanguage<string> | LogEntry[];

export interface ResultExpectation {
  status?: string;
  value?: unknown;
  none?: boolean;
  error?: string | ByLanguage<string>;
  cause?: string | null | ByLanguage<string>;
  timeout_seconds?: number | null;
  started_at?: number | null;
  completed_at?: number | null;
}

export interface EventExpectation {
  status?: string;
  started_at?: number | null;
  completed_at?: number | null;
  parent?: string | null;
  emitted_by?: string | null;
  children?: string[];
  path?: string[];
  options?: Options;
  set?: string[];
  middleware_errors?: (string | ByLanguage<string>)[];
  results?: Record<string, ResultExpectation>;
}

export interface BusExpectation {
  abandoned?: number;
  history?: string[];
  pending?: number;
}

export interface Expectation {
  log?: LogEntry[] | ByLanguage<LogEntry[]>;
  events?: Record<string, EventExpectation>;
  notices?: Record<string, unknown>[];
  buses?: Record<string, BusExpectation>;
  end?: number;
}
