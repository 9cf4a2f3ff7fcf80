"""The demo: an answer without a model behind it, so that a first start has something to show."""

from __future__ import annotations

from .behaviour import Behaviour
from .dialects.openai_chat import last_user_text

MODEL = "spider-1"
PACE = Behaviour(event_pause_ms=35)


def say(body: dict) -> str:
    return (
        "Hello! I am SpiderGate's built-in demo provider. There is no language model behind me: I only show that your request "
        "was authenticated, routed, streamed and accounted for. Add a real provider key and this very call will reach a real "
        f"model. You said: \"{last_user_text(body)}\""
    )
