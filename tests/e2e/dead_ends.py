"""Addresses where a provider should be and is not: each fails in one phase of a connection."""

import contextlib
import socket

from free_ports import free_port


def refused() -> str:
    """Nobody listens: the connection is refused at once."""
    return f"http://127.0.0.1:{free_port()}/v1"


@contextlib.contextmanager
def unanswered():
    """SYNs get no answer: the queue of a listener that never accepts is full."""
    with socket.socket() as listener, contextlib.ExitStack() as held:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = held.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"


@contextlib.contextmanager
def mute(scheme: str = "https"):
    """The connection is accepted by the kernel and nothing is ever said on it: no TLS handshake, no answer."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/v1"
