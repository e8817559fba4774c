"""Paths as callers give them, made fit for the compiled module."""

import os

from .exceptions import make, make_type_error

__all__ = ["absolute", "text_of"]


def text_of(path: object, argument: str) -> str:
    """The path as text, with ``~`` expanded.

    Raises:
        UsageError: ``ERR_INVALID_ARGUMENT``, it is no path, is empty, or is not valid text.
    """
    if not isinstance(path, str | os.PathLike) or not isinstance(os.fspath(path), str):
        raise make_type_error(
            "ERR_INVALID_ARGUMENT",
            f"{argument} must be a str or a path of str, not {type(path).__name__}",
            argument=argument,
        )
    text = os.path.expanduser(os.fspath(path))
    if not text or "\0" in text or not _is_valid(text):
        raise make(
            "ERR_INVALID_ARGUMENT",
            f"{argument} cannot be {text!a}; it must be a path that is valid UTF-8",
            argument=argument,
            path=ascii(text)[1:-1],
        )
    return text


def absolute(path: str, argument: str) -> str:
    """The path from the root on, with links as they are.

    Raises:
        UsageError: ``ERR_INVALID_ARGUMENT``, the current directory's name is not valid UTF-8.
        EnvironmentError: ``ERR_NOT_FOUND``, the current directory does not exist any more.
    """
    if os.path.isabs(path):
        return path
    try:
        here = os.getcwd()
    except OSError as error:
        raise make(
            "ERR_NOT_FOUND",
            f"{argument} is relative, and the current directory cannot be found; "
            "give an absolute path",
            path=path,
            errno=error.errno,
        ) from error
    return text_of(os.path.join(here, path), argument)


def _is_valid(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
