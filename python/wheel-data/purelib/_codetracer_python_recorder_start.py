"""What CPython 3.15 and later call when they start (PEP 829), as older ones run the ``.pth``.

A module by itself: the package is imported only where something is to be recorded.
"""

import os
import sys


def begin() -> None:
    """Start recording if the environment asks for it, and leave no module behind."""
    sys.modules.pop(__name__, None)
    if not os.environ.get("CODETRACER_PYTHON_RECORDER_LAUNCH"):
        return
    known = set(sys.modules)
    import gc

    young, enabled = gc.get_count()[0] - 1, gc.isenabled()
    gc.disable()
    settle = None
    try:
        from codetracer_python_recorder._start import begin as start
        from codetracer_python_recorder._start import settle

        start()
    finally:
        if settle is not None:
            settle(known, young)
        if enabled:
            gc.enable()
