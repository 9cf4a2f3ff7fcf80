"""A raw socket client: what the self-tests see is bytes, not some library's reading of them."""

from __future__ import annotations

import json
import socket
import ssl


class Wire:
    def __init__(self, port: int, tls: ssl.SSLContext | None = None, timeout: float = 5) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="127.0.0.1")
        self.held = b""

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def post(self, body: object, path: str = "/v1/chat/completions", headers: str = "") -> None:
        data = json.dumps(body).encode()
        self.send(f"POST {path} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {len(data)}\r\n\r\n".encode() + data)

    def until(self, mark: bytes) -> bytes:
        """Everything up to and with the mark; what follows it is kept for the next read."""
        while mark not in self.held:
            piece = self.socket.recv(65536)
            if not piece:
                raise EOFError(self.held)
            self.held += piece
        end = self.held.index(mark) + len(mark)
        taken, self.held = self.held[:end], self.held[end:]
        return taken

    def to_end(self) -> bytes:
        """Everything until the other side closes; ConnectionResetError where it resets."""
        while piece := self.socket.recv(65536):
            self.held += piece
        return self.held

    def exactly(self, count: int) -> bytes:
        while len(self.held) < count:
            piece = self.socket.recv(65536)
            if not piece:
                raise EOFError(self.held)
            self.held += piece
        taken, self.held = self.held[:count], self.held[count:]
        return taken

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """One whole answer: status, headers (names in lower case), body with its transfer coding taken off."""
        first, *lines = self.until(b"\r\n\r\n")[:-4].decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(self.until(b"\r\n"), 16):
                body += self.exactly(size)
                self.exactly(2)
            self.exactly(2)
        else:
            body = self.exactly(int(headers["content-length"]))
        return int(first.split()[1]), headers, body


def chat(text: str = "hi there", model: str = "echo", **more: object) -> dict:
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


def events(body: bytes) -> list[object]:
    """The data of each event of a stream, parsed; `[DONE]` stays a string."""
    found = []
    for block in body.replace(b"\r\n", b"\n").split(b"\n\n"):
        lines = [line[5:].lstrip() for line in block.split(b"\n") if line.startswith(b"data:")]
        if lines:
            data = b"\n".join(lines)
            found.append("[DONE]" if data == b"[DONE]" else json.loads(data))
    return found
