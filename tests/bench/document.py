"""The page that holds the figures: each section stands between two markers of its own."""

from typing import Final

from catalog import HERE

PATH: Final = HERE.parent.parent / "design-docs" / "performance.md"


def write(section: str, text: str) -> bool:
    """Puts the text in place of a section's; False where the page has no such section."""
    begin, end = f"<!-- bench {section} -->", f"<!-- end bench {section} -->"
    before, found, rest = PATH.read_text(encoding="utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        return False
    PATH.write_text(f"{before}{begin}\n{text}{end}{after}", encoding="utf-8")
    return True
