//! Codes for recordings that the traced program took away.

super::codes! { Target;
TOOL_ID_TAKEN {
    summary: "The program freed the recorder's tool id or gave it to another tool.",
    why: "Events stopped arriving at that moment, so the recording ends there.",
    fix: "Find the call of sys.monitoring.free_tool_id() in the program, and let it free only its own id.",
    example: "sys.monitoring.free_tool_id(4) in the recorded program",
}
FD_TAKEN {
    summary: "The program closed a file of the recorder, or put another one in its place.",
    why: "Programs that close every descriptor, as daemons do, close ours too. Not a byte is written to a file that is not ours.",
    fix: "Let the program close only what it opened, or descriptors below 512.",
    example: "the recorded program removes the hidden directory beside trace-out and calls os.closerange(3, 65536)",
}
TRACE_INCOMPLETE {
    summary: "The process ended, or was interrupted, before its recording was committed whole.",
    why: "It was killed, crashed, or left by os._exit, or interrupted twice while it was being saved; what had been recorded, or saved, until then is kept.",
    fix: "Read the recording as it is: it is sound up to its last event and marked partial.",
    example: "kill -9 the recorded process, then codetracer-python-recorder recover trace-out",
}
HOOK_FAILED {
    summary: "A handler that the program registered with session.on() failed.",
    why: "The handler raised. Recording and saving are not affected by it, and the other handlers were called.",
    fix: "See the exception that the message names; it is the cause of this one. Catch in the handler what may go wrong there.",
    example: "session.on(RecordingCommitted, lambda event: 1 / 0)",
}
HOOK_TIMEOUT {
    summary: "A handler that the program registered with session.on() did not end in time.",
    why: "It took longer than its timeout, so the program went on without it. What it still does is not waited for.",
    fix: "Give the handler more time with session.on(..., timeout=SECONDS), or let it hand the work to another process.",
    example: "session.on(RecordingCommitted, lambda event: time.sleep(3600), timeout=1)",
}
}
