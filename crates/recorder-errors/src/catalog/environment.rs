//! Codes for what the machine did not allow.

super::codes! { Environment;
IO {
    summary: "The operating system refused an operation on a file, for a reason without a code of its own.",
    why: "The message has the system's own words, the context its error number.",
    fix: "Look the error number up; a failing disk or a lost network mount is the usual cause.",
    example: "a recording written to a network mount that went away",
}
NO_SPACE {
    summary: "The disk or the quota is full.",
    why: "The recording is staged beside its final place and needs room there until the end.",
    fix: "Free some space, or point --trace-dir at another file system. `--capture calls` or `--capture lines` record less.",
    example: "codetracer-python-recorder record --trace-dir /full/disk/out app.py",
}
PERMISSION {
    summary: "The system denied access to a file or directory.",
    why: "The user who runs the program may not read or write there.",
    fix: "Choose another --trace-dir, or correct the permissions of the path in the message.",
    example: "mkdir -m 555 closed; codetracer-python-recorder record --trace-dir closed/out app.py",
}
READ_ONLY {
    summary: "The file system is mounted read-only.",
    why: "A recording can only be written to a writable file system.",
    fix: "Point --trace-dir at a writable place, for example below /tmp.",
    example: "codetracer-python-recorder record --trace-dir /read-only/out app.py",
}
TOO_MANY_FILES {
    summary: "The process or the system has too many open files.",
    why: "The recorder needs a few descriptors of its own, and the limit was reached by it and the program together.",
    fix: "Raise the limit with `ulimit -n`, or find out whether the program leaks descriptors.",
    example: "start(\"out\") in a program that has as many files open as `ulimit -n` says",
}
FILE_TOO_LARGE {
    summary: "A file of the recording would exceed the size that is allowed.",
    why: "The limit comes from `ulimit -f` or from the file system.",
    fix: "Raise the limit, use another file system, or record less with `--capture calls`.",
    example: "ulimit -f 1; codetracer-python-recorder record app.py",
}
NOT_FOUND {
    summary: "A file or directory that the recorder needs is not there.",
    why: "A parent of --trace-dir does not exist, or a part of the recording was removed while it was written or read.",
    fix: "Create the directory that the message names, or check who removed it.",
    example: "the program deletes trace-out's hidden staging directory while it is recorded",
}
OUT_OF_MEMORY {
    summary: "The system gave the recorder no memory.",
    why: "Recording needs some tens of megabytes beside what the program uses.",
    fix: "Raise the memory limit of the process or of its container.",
    example: "start(\"out\") in a program that has as much memory as `ulimit -v` says",
}
TRACE_DIR_CREATE_FAILED {
    summary: "The directory for the recording could not be created, for a reason without a code of its own.",
    why: "For example a name that is too long, a loop of links, or a parent that is a file.",
    fix: "Choose another --trace-dir.",
    example: "touch f; codetracer-python-recorder record --trace-dir f/out app.py",
}
UNSUPPORTED_PYTHON {
    summary: "This interpreter cannot be recorded.",
    why: "The recorder needs CPython 3.12 or later with the GIL, and a compiled module that fits it.",
    fix: "Run it with a supported interpreter; the message says what was found.",
    example: "python3.11 -m codetracer_python_recorder record app.py",
}
SUBINTERPRETER {
    summary: "Recording was started in an interpreter that is not the main one.",
    why: "Hooks and shutdown belong to the main interpreter.",
    fix: "Start recording in the main interpreter.",
    example: "start() called by code that runs in a subinterpreter",
}
TOOL_ID_UNAVAILABLE {
    summary: "All tool ids of sys.monitoring are taken.",
    why: "CPython has six of them, and debuggers, coverage tools and profilers hold the rest; the message names the holders. Nobody is evicted.",
    fix: "Run without one of the tools that the message names.",
    example: "six calls of sys.monitoring.use_tool_id() before start()",
}
FRAME_LAYOUT {
    summary: "Frames of this interpreter are not laid out as expected, so they are read the slow way.",
    why: "A check before recording compares direct reads with known content, and they differed: a patched or a newer interpreter.",
    fix: "Nothing has to be done: the recording is complete, and made more slowly. Report the interpreter's version and build.",
    example: "an interpreter built with a patched frame structure",
}
MMAP_UNSAFE {
    summary: "The recording does not survive SIGKILL here.",
    why: "The file system cannot reserve space for a mapped file, so unsaved events are kept in memory.",
    fix: "Point --trace-dir at a file system with fallocate (ext4, xfs, tmpfs) if that protection matters.",
    example: "codetracer-python-recorder record --trace-dir /copy-on-write/out app.py",
}
ATTACH_UNSUPPORTED {
    summary: "Recording cannot be started in a running process with these interpreters, or on this system.",
    why: "It needs sys.remote_exec (PEP 768), which CPython has from 3.14 on, both in the interpreter that runs the command and in the process, and what Linux tells of a process in /proc.",
    fix: "Run the command and the program with CPython 3.14 or later, or record the program from its start.",
    example: "python3.12 -m codetracer_python_recorder attach 4711",
}
ATTACH_REFUSED {
    summary: "The process does not let recording be started in it.",
    why: "Remote debugging was switched off for it (PYTHON_DISABLE_REMOTE_DEBUG, -X disable-remote-debug, or a build without it), or the call failed in it.",
    fix: "Start the program without that switch, or record it from its start.",
    example: "PYTHON_DISABLE_REMOTE_DEBUG=1 sleep 5 & codetracer-python-recorder attach $!",
}
LAUNCH_FAILED {
    summary: "The interpreter for the program could not be started.",
    why: "sys.executable is empty, was removed, or may not be executed.",
    fix: "Check that the interpreter in the message runs by itself.",
    example: "codetracer-python-recorder record app.py   # in an embedded interpreter",
}
TRACE_CORRUPT {
    summary: "The recording is damaged.",
    why: "Bytes were changed or cut off after they were written; checksums or structure do not hold.",
    fix: "Try `codetracer-python-recorder recover DIR`, which keeps what is sound. Otherwise record again.",
    example: "truncate -s 100 trace-out/trace.mcap; codetracer-python-recorder info trace-out",
}
TRACE_VERSION {
    summary: "The recording has a schema that this version does not read.",
    why: "It was made by a newer recorder, or by one that is too old.",
    fix: "Read it with the version that the message names.",
    example: "codetracer-python-recorder info made-by-a-later-version",
}
}
