"""Published tools that the benchmark compares with, one file for each."""

from typing import Final

from tools import chronotrace, codetracer, hunter, kolo, pysnooper, trace0, viztracer
from tools.tool import Tool

TOOLS: Final[tuple[Tool, ...]] = (
    trace0.TOOL,
    viztracer.TOOL,
    kolo.TOOL,
    chronotrace.TOOL,
    hunter.TOOL,
    pysnooper.TOOL,
    codetracer.TOOL,
)
