// One registration of a function on a bus: what it listens to, how it is called in logs, and its own limits.

import type { Limit } from "./settings.ts";
import { type Stamp, stampText } from "./stamps.ts";

/** The function as the bus calls it; the types of its event and result are checked where it is registered. */
export type HandlerFunction = (event: never) => unknown;

export interface HandlerOptions {
  /** A UUID; made when it is missing. */
  id?: string;
  /** How the handler is called in results and logs; the function's name when absent. */
  handler_name?: string;
  handler_timeout?: Limit;
  handler_slow_timeout?: Limit;
}

export class EventHandler {
  readonly id: string;
  /** A type's name, or "*" for all. */
  readonly event_pattern: string;
  readonly handler_name: string;
  readonly handler_file_path: string | null;
  readonly handler_timeout: Limit | undefined;
  readonly handler_slow_timeout: Limit | undefined;
  readonly handler: HandlerFunction;
  /** How many of its calls run and are not final. */
  running = 0;
  private readonly registered: Stamp;

  constructor(
    id: string,
    pattern: string,
    handler: HandlerFunction,
    registered: Stamp,
    options: HandlerOptions,
    filePath: string | null,
  ) {
    this.id = id;
    this.event_pattern = pattern;
    this.handler = handler;
    this.handler_name = options.handler_name ?? (handler.name || "anonymous");
    this.handler_timeout = options.handler_timeout;
    this.handler_slow_timeout = options.handler_slow_timeout;
    this.handler_file_path = filePath;
    this.registered = registered;
  }

  get handler_registered_at(): string {
    return stampText(this.registered);
  }

  toJSON(): Record<string, unknown> {
    return {
      id: this.id,
      event_pattern: this.event_pattern,
      handler_name: this.handler_name,
      handler_file_path: this.handler_file_path,
      ...(this.handler_timeout === undefined ? {} : { handler_timeout: this.handler_timeout }),
      ...(this.handler_slow_timeout === undefined ? {} : { handler_slow_timeout: this.handler_slow_timeout }),
      handler_registered_at: this.handler_registered_at,
    };
  }
}

const ownFiles = /[/\\]src[/\\]events[/\\]|[/\\]dist[/\\]events[/\\]|node:internal/;

/** What `callerFile` made of a line of a stack trace. One line stands for all calls from one place. */
const knownLines = new Map<string, string>();

function fileOf(line: string): string | null {
  const known = knownLines.get(line);
  if (known !== undefined) return known;
  const found = /\(?((?:file:\/\/|https?:\/\/|\/|[A-Za-z]:\\)[^()\s]*?):(\d+):\d+\)?$/.exec(line.trim());
  if (!found?.[1] || ownFiles.test(found[1])) return null;
  const file = `${found[1].replace(/^file:\/\//, "")}:${found[2]}`;
  knownLines.set(line, file);
  return file;
}

/** Where the caller of `on` stands, as `path:line`, if the host's stack traces say so. */
export function callerFile(): string | null {
  const lines = new Error().stack?.split("\n") ?? [];
  for (const line of lines) {
    const file = fileOf(line);
    if (file !== null) return file;
  }
  return null;
}
