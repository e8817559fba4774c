// The words of the bus: modes and statuses, each declared once; the types follow from the tables.

export const eventConcurrencyModes = ["global-serial", "bus-serial", "parallel"] as const;
export type EventConcurrencyMode = (typeof eventConcurrencyModes)[number];

export const handlerConcurrencyModes = ["serial", "parallel"] as const;
export type EventHandlerConcurrencyMode = (typeof handlerConcurrencyModes)[number];

export const handlerCompletionModes = ["all", "first"] as const;
export type EventHandlerCompletionMode = (typeof handlerCompletionModes)[number];

export const eventStatuses = ["pending", "started", "completed"] as const;
export type EventStatus = (typeof eventStatuses)[number];

export const resultStatuses = ["pending", "started", "completed", "error"] as const;
export type ResultStatus = (typeof resultStatuses)[number];
