// A picture of what happened, for people: events, under each its handlers with their outcome and time, under each of
// those the events it emitted.

import type { EventRecord, EventResult } from "./records.ts";
import { stampMicros } from "./stamps.ts";

function took(start: EventRecord["startedAt"], end: EventRecord["startedAt"]): string {
  if (start === null || end === null) return "";
  return ` ${((stampMicros(end) - stampMicros(start)) / 1e6).toFixed(3)}s`;
}

function outcome(result: EventResult): string {
  switch (result.status) {
    case "pending":
      return "waits";
    case "started":
      return "runs";
    case "completed":
      return `= ${short(result.result)}`;
    case "error":
      return `! ${result.error instanceof Error ? `${result.error.name}: ${result.error.message}` : String(result.error)}`;
    default:
      return result.status satisfies never;
  }
}

function short(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = (() => {
    try {
      return JSON.stringify(value) ?? String(value);
    } catch {
      return String(value);
    }
  })();
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

export function eventLine(record: EventRecord): string {
  return `${record.typeName}#${record.id.slice(-4)} [${record.status}${took(record.startedAt, record.completedAt)}]`;
}

/** The lines of `records` and everything below them. */
export function treeLines(records: Iterable<EventRecord>, indent = ""): string[] {
  const lines: string[] = [];
  const list = [...records];
  list.forEach((record, index) => {
    const isLast = index === list.length - 1;
    lines.push(`${indent}${isLast ? "└── " : "├── "}${eventLine(record)}`);
    const below = indent + (isLast ? "    " : "│   ");
    const results = record.results();
    results.forEach((result, at) => {
      const lastResult = at === results.length - 1;
      const title = `${result.event_bus_name}.${result.handler_name}${took(result.startedAt, result.completedAt)}`;
      lines.push(`${below}${lastResult ? "└── " : "├── "}${title} ${outcome(result)}`);
      lines.push(...treeLines(result.children ?? [], below + (lastResult ? "    " : "│   ")));
    });
  });
  return lines;
}

export function eventTree(record: EventRecord): string {
  return treeLines([record]).join("\n");
}
