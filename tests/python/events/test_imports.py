"""What the package needs to be imported, and what it says when that is missing."""

from __future__ import annotations

import subprocess
import sys
import textwrap


def run(program: str) -> str:
    command = [sys.executable, "-c", textwrap.dedent(program)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_events_need_no_compiled_module() -> None:
    run("""
        import sys
        sys.modules["codetracer_python_recorder._native"] = None
        from codetracer_python_recorder.events import BaseEvent, EventBus
        import asyncio

        async def main():
            bus = EventBus()
            bus.on(BaseEvent, lambda event: 1)
            assert await bus.emit(BaseEvent()).event_result() == 1

        asyncio.run(main())
        assert sys.modules["codetracer_python_recorder._native"] is None
    """)


def test_without_pydantic_the_error_says_what_to_type() -> None:
    run("""
        import sys
        sys.modules["pydantic"] = None
        from codetracer_python_recorder.exceptions import UsageError
        try:
            import codetracer_python_recorder.events
        except UsageError as error:
            assert error.code == "ERR_MISSING_EXTRA"
            assert "pip install 'codetracer-python-recorder[events]'" in error.message
            assert error.context == {"extra": "events", "module": "pydantic"}
        else:
            raise SystemExit("no error")
    """)


def test_the_recorder_imports_neither_asyncio_nor_pydantic() -> None:
    run("""
        import sys
        import codetracer_python_recorder
        loaded = {"asyncio", "pydantic", "codetracer_python_recorder.events"} & set(sys.modules)
        assert not loaded, loaded
    """)


def test_events_import_no_optional_library() -> None:
    run("""
        import sys
        import codetracer_python_recorder.events
        loaded = {"sqlite3", "opentelemetry"} & set(sys.modules)
        assert not loaded, loaded
    """)


def test_every_public_name_exists() -> None:
    run("""
        from codetracer_python_recorder import events
        from codetracer_python_recorder.events import errors, execution, lock_manager
        for module in (events, errors, execution, lock_manager):
            for name in module.__all__:
                getattr(module, name)
    """)
