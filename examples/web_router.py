"""A tiny web application: routes by decorator, middleware, WSGI-shaped calls, one process."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

StartResponse = Callable[[str, list[tuple[str, str]]], None]


class HttpError(Exception):
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass
class App:
    routes: list[tuple[str, re.Pattern[str], Callable[..., Any]]] = field(default_factory=list)

    def route(
        self, method: str, pattern: str
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        regex = re.compile(re.sub(r"<(\w+)>", r"(?P<\1>[^/]+)", pattern) + "$")

        def register(handler: Callable[..., Any]) -> Callable[..., Any]:
            self.routes.append((method, regex, handler))
            return handler

        return register

    def dispatch(self, environ: dict[str, Any]) -> Any:
        for method, regex, handler in self.routes:
            if method == environ["REQUEST_METHOD"] and (match := regex.match(environ["PATH_INFO"])):
                return handler(environ, **match.groupdict())
        raise HttpError(404, f"nothing at {environ['PATH_INFO']}")

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        try:
            status, body = 200, self.dispatch(environ)
        except HttpError as error:
            status, body = error.status, {"error": str(error)}
        except (LookupError, TypeError, ValueError) as error:
            status, body = 500, {"error": type(error).__name__}
        start_response(str(status), [("Content-Type", "application/json")])
        yield json.dumps(body).encode()


app = App()
NOTES: dict[int, str] = {}


@app.route("POST", "/notes")
def create(environ: dict[str, Any]) -> dict[str, Any]:
    number = len(NOTES) + 1
    NOTES[number] = environ["body"]["text"]
    return {"id": number}


@app.route("GET", "/notes/<number>")
def show(environ: dict[str, Any], number: str) -> dict[str, Any]:
    if int(number) not in NOTES:
        raise HttpError(404, f"no note {number}")
    return {"id": int(number), "text": NOTES[int(number)]}


def request(method: str, path: str, body: Any = None) -> None:
    seen: list[str] = []
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "body": body}
    reply = b"".join(app(environ, lambda status, headers: seen.append(status)))
    print(method, path, "->", seen[0], reply.decode())


if __name__ == "__main__":
    request("POST", "/notes", {"text": "buy milk"})
    request("GET", "/notes/1")
    request("GET", "/notes/2")
    request("GET", "/notes/one")
    request("DELETE", "/notes/1")
