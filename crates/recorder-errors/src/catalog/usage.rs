//! Codes for the caller's mistakes.

super::codes! { Usage;
ALREADY_TRACING {
    summary: "A recording was started while one is running in this process.",
    why: "One process has at most one recording, because the interpreter's hooks are shared by all its threads.",
    fix: "Stop the running recording first, or test with is_tracing(). Under `record` the program is already being recorded and needs no start().",
    example: "start(\"a\"); start(\"b\")",
}
UNSUPPORTED_FORMAT {
    summary: "The output format is not one that the recorder writes.",
    why: "The name given to --format or format= is unknown, or belongs to a format that this version does not have.",
    fix: "Use one of the names in the message, or leave the option out.",
    example: "codetracer-python-recorder record --format xml app.py",
}
UNSUPPORTED_OPTION {
    summary: "The option exists, but this version does not act on it yet.",
    why: "The recorder refuses what it cannot honour: an ignored option would give a recording that is not what was asked for.",
    fix: "Leave out the option that the message names.",
    example: "start(\"out\", trace_filter=\"filter.toml\")",
}
UNKNOWN_OPTION {
    summary: "The command line has an option that the command does not know.",
    why: "It is misspelt, belongs to another command, or is meant for the program and stands before it.",
    fix: "See `codetracer-python-recorder COMMAND --help`. Options of the program go after the program.",
    example: "codetracer-python-recorder record --verbos app.py",
}
UNKNOWN_COMMAND {
    summary: "The first word is neither a command nor something that can be recorded.",
    why: "It is misspelt, or it is a file that does not exist.",
    fix: "See `codetracer-python-recorder --help` for the commands.",
    example: "codetracer-python-recorder inof trace-out",
}
INVALID_ARGUMENT {
    summary: "An argument is missing, has the wrong type, or has a value that is not allowed.",
    why: "The call or the command line does not fit what the function or the command takes.",
    fix: "Correct the argument that the message names.",
    example: "codetracer-python-recorder print --depth minus-one trace-out",
}
INVALID_POLICY_VALUE {
    summary: "A switch has a name or a value that is not allowed.",
    why: "It came from the environment, from configure_policy(), from policy= or from the command line; the message says from where.",
    fix: "Use one of the allowed values in the message, or unset the variable that it names.",
    example: "CODETRACER_ON_RECORDER_ERROR=explode codetracer-python-recorder record app.py",
}
UNKNOWN_CODE {
    summary: "There is no error code of that name.",
    why: "It is misspelt, or was introduced by a later version.",
    fix: "Run `codetracer-python-recorder explain` without a code to see all of them.",
    example: "codetracer-python-recorder explain ERR_NO_SUCH_CODE",
}
SCRIPT_NOT_FOUND {
    summary: "The script to record does not exist.",
    why: "The path is wrong, or relative to another directory than the current one.",
    fix: "Check the path. For a module use -m, for a line of code use -c.",
    example: "codetracer-python-recorder record missing.py",
}
SCRIPT_UNREADABLE {
    summary: "The script to record exists but cannot be read.",
    why: "It lacks read permission, or it is neither a file, nor a directory or zip file with a __main__.py.",
    fix: "Check `ls -l` of the path in the message.",
    example: "chmod 000 app.py; codetracer-python-recorder record app.py",
}
MODULE_NOT_FOUND {
    summary: "The module given with -m cannot be found.",
    why: "It is not installed for this interpreter, or the current directory is not the one that holds it.",
    fix: "Run `python -m MODULE` with the interpreter that the message names; when that works, recording it does too.",
    example: "codetracer-python-recorder record -m no_such_module",
}
OUTPUT_NOT_DIRECTORY {
    summary: "The place for the recording exists and is not a directory.",
    why: "A recording is a directory, and a file is never replaced by one.",
    fix: "Give another --trace-dir, or move the file away.",
    example: "touch out; codetracer-python-recorder record --trace-dir out app.py",
}
OUTPUT_FOREIGN {
    summary: "The place for the recording is a directory that is no recording of ours.",
    why: "An older recording is replaced; anything else is left alone, because it may be somebody's data.",
    fix: "Give another --trace-dir: one that does not exist, is empty, or holds a recording.",
    example: "codetracer-python-recorder record --trace-dir /etc app.py",
}
TRACE_NOT_FOUND {
    summary: "There is no recording at that place.",
    why: "The path is wrong, the recording failed or was dropped, or it was never made.",
    fix: "Check the path; `record` prints where it saved the recording.",
    example: "codetracer-python-recorder info nowhere",
}
NOT_A_TRACE {
    summary: "The file or directory is no recording.",
    why: "It was written by another program, or it is a single file taken out of a recording.",
    fix: "Give the directory that `record` printed.",
    example: "codetracer-python-recorder info /etc/passwd",
}
TRACE_RUNNING {
    summary: "The recording is still being written.",
    why: "The process that writes it is alive and holds its lock, so there is nothing to recover yet.",
    fix: "Wait until that process has ended. `info` and `print` can read the recording meanwhile.",
    example: "codetracer-python-recorder recover trace-out   # while the program runs",
}
TRACE_MISSING {
    summary: "A recording was required, and none was made.",
    why: "--require-trace was given, and the recording failed, was dropped, or holds no event.",
    fix: "See the failure reported before this one. Without any, check that the program ran code which is recorded by default; --all records everything.",
    example: "codetracer-python-recorder record --require-trace --on-recorder-error disable --trace-dir none/such/out app.py",
}
NO_FLIGHT_RECORDER {
    summary: "A recording was to be saved while it runs, and it is no flight recorder.",
    why: "An ordinary recording keeps everything and is saved when it ends. Only a flight recorder, which keeps the newest part, saves what it holds before.",
    fix: "Start with --flight-recorder SIZE or start(flight_recorder=\"32M\"), or stop the recording to save it.",
    example: "session = start(\"out\"); session.dump(\"moment\")",
}
SIGNAL_TAKEN {
    summary: "The signal of --dump-on has a handler of the program.",
    why: "A handler of the program is never replaced: it would no longer be called. The program installed it before recording started.",
    fix: "Choose another signal for --dump-on, or start recording before the program installs its handler.",
    example: "signal.signal(signal.SIGUSR2, handler); start(\"out\", flight_recorder=\"32M\", policy={\"dump_on\": \"SIGUSR2\"})",
}
PROCESS_NOT_FOUND {
    summary: "There is no such process, or it is no CPython.",
    why: "The number is wrong, the process has ended, or another program runs under it.",
    fix: "Look the number up again, for example with `pgrep -af python`.",
    example: "codetracer-python-recorder attach 999999999",
}
MISSING_EXTRA {
    summary: "A part of the package needs a library that is not installed.",
    why: "The recorder itself has no dependencies; the event bus, the live view and the bridge to OpenTelemetry have, and they are optional.",
    fix: "Install the extra that the message names, with the command that it gives.",
    example: "python -c 'import codetracer_python_recorder.events'  # without pydantic",
}
}
