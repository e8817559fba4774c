"""``python -m codetracer_python_recorder``."""

from __future__ import annotations

from .cli import main_script

if __name__ == "__main__":
    main_script()
