"""The options that this interpreter was started with."""

__all__ = ["own_options"]


def own_options(words: list[str]) -> list[str]:
    """The interpreter's options in a command line as ``sys.orig_argv`` has it.

    The grammar is that of CPython's command line: letters may be joined, ``W`` and ``X`` take the
    rest or the next word, ``c`` and ``m`` end the options.
    """
    options: list[str] = []
    at = 1
    while at < len(words):
        word = words[at]
        at += 1
        if word in ("-", "--") or not word.startswith("-"):
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
            break
        if takes_next:
            options += words[at : at + 1]
            at += 1
    return options


def _cluster(letters: str) -> tuple[str, bool, bool]:
    """What to keep of joined letters, whether they end the options, whether a value follows."""
    for at, letter in enumerate(letters):
        if letter in "cm":
            return letters[:at], True, False
        if letter in "WX":
            return letters, False, at == len(letters) - 1
    return letters, False, False
