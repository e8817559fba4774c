"""The options that this interpreter was started with."""

__all__ = ["own_options", "program"]


def own_options(words: list[str]) -> list[str]:
    """The interpreter's options in a command line as ``sys.orig_argv`` has it."""
    return _split(words)[0]


def program(words: list[str]) -> tuple[str, str] | None:
    """What a command line runs: ``script``, ``module`` or ``code`` and its path, name or text.

    ``None`` where it runs what it reads.
    """
    return _split(words)[1]


def _split(words: list[str]) -> tuple[list[str], tuple[str, str] | None]:
    """The interpreter's options, and what it runs.

    The grammar is that of CPython's command line: letters may be joined, ``W`` and ``X`` take the
    rest or the next word, ``c`` and ``m`` end the options.
    """
    options: list[str] = []
    runs: tuple[str, str] | None = None
    at = 1
    while at < len(words):
        word = words[at]
        at += 1
        if word in ("-", "--") or not word.startswith("-"):
            scripts = words[at : at + 1] if word == "--" else [word]
            runs = ("script", scripts[0]) if scripts and word != "-" else None
            break
        if word.startswith("--"):
            options.append(word)
            if word == "--check-hash-based-pycs":
                options += words[at : at + 1]
                at += 1
            continue
        letters, ends, takes_next = _cluster(word[1:])
        if letters:
            options.append("-" + letters)
        if ends:
            rest = word[1 + len(letters) :]
            value = [rest[1:]] if rest[1:] else words[at : at + 1]
            runs = ("module" if rest[0] == "m" else "code", value[0]) if value else None
            break
        if takes_next:
            options += words[at : at + 1]
            at += 1
    return options, runs


def _cluster(letters: str) -> tuple[str, bool, bool]:
    """What to keep of joined letters, whether they end the options, whether a value follows."""
    for at, letter in enumerate(letters):
        if letter in "cm":
            return letters[:at], True, False
        if letter in "WX":
            return letters, False, at == len(letters) - 1
    return letters, False, False
