//! Codes for defects of the recorder.

super::codes! { Internal;
PANIC {
    summary: "A defect of the recorder was caught before it could disturb the program.",
    why: "A panic happened inside the recorder; the message says in which entry point and on which line.",
    fix: "Report it with the message. `--on-recorder-error disable` lets programs run unrecorded meanwhile.",
    example: "only a defect leads here",
}
INTERNAL {
    summary: "A condition that the recorder relies on did not hold.",
    why: "A defect of the recorder.",
    fix: "Report it with the message and the context.",
    example: "only a defect leads here",
}
DRAINER_FAILED {
    summary: "The thread that writes the recording ended before its time.",
    why: "A defect of the recorder, or the system ended the thread.",
    fix: "Report it with the message. What was recorded before can be read with `recover`.",
    example: "only a defect leads here",
}
}
