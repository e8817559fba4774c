"""Strings: built, split, searched, joined."""

from measure import run

WORDS = ["the", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "dog"]


def turned(word: str) -> str:
    out = ""
    for letter in word:
        out = letter + out
    return out


def sentence(i: int) -> str:
    parts = []
    for word in WORDS:
        if word.startswith("t"):
            word = word.upper()
        parts.append(turned(word))
    parts.append(str(i))
    return " ".join(parts)


def main(n: int) -> int:
    found = 0
    for i in range(n):
        text = sentence(i)
        if text.find("xof") >= 0:
            found += text.count("o")
    return found


if __name__ == "__main__":
    run(main, 100_000)
