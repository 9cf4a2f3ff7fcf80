"""Dialects by name. A new one is a module here with a class that has these four methods, and a line in DIALECTS."""

from __future__ import annotations

from typing import Protocol

from ..answer import Answer
from ..behaviour import Behaviour
from ..http_wire import Request
from .anthropic import Anthropic
from .bedrock import Bedrock
from .cohere import Cohere
from .gemini import Gemini
from .media import SERVICES
from .ollama import Ollama
from .openai import OpenAI
from .voyage import Voyage
from .watsonx import Watsonx


class Dialect(Protocol):
    def serves(self, request: Request) -> bool:
        """Whether this request is in this dialect, judged by method, path and headers."""

    def describe(self, request: Request) -> dict:
        """`model` and `stream`, read leniently: the recorder wants them even of a wrong request."""

    def answer(self, request: Request, behaviour: Behaviour) -> Answer:
        """What a good provider says, with the oddities of content that the behaviour asks for."""

    def refusal(self, status: int) -> Answer:
        """An error in this dialect's shape."""


# The first that serves a request answers it: those with paths of their own before those whose paths are found everywhere.
DIALECTS = {**SERVICES, "ollama": Ollama, "voyage": Voyage, "watsonx": Watsonx,
            "anthropic": Anthropic, "bedrock": Bedrock, "cohere": Cohere, "gemini": Gemini, "openai": OpenAI}
