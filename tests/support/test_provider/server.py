"""Accepting, reading requests, choosing behaviour and dialect, answering."""

from __future__ import annotations

import asyncio
import contextlib
import time

from . import recordings
from .answer import Answer, error_answer, json_answer
from .behaviour import PLAIN, Behaviour, named_by_model
from .connection import ClientGone, Connection
from .control import PREFIX, Control
from .delivery import Delivery
from .dialects import Dialect
from .http_wire import ProtocolError, Request, head_bytes, read_body, read_head
from .record import Exchange, Recorder
from .script import Script


class Provider:
    def __init__(self, dialects: list[Dialect], default: Behaviour = PLAIN, keep: int = 100_000) -> None:
        self.script = Script()
        self.recorder = Recorder(keep)
        self._control = Control(self.script, self.recorder)
        self._dialects = dialects
        self._default = default

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, watch) -> None:
        connection = Connection(self.recorder.connection_opened(), reader, writer, watch)
        try:
            while await self._one_request(connection):
                pass
        except (ClientGone, ConnectionError, asyncio.IncompleteReadError):
            pass
        except (ProtocolError, ValueError) as wrong:
            await self._refuse(connection, str(wrong))
        finally:
            self.recorder.connection_closed()
            writer.close()

    async def _refuse(self, connection: Connection, why: str) -> None:
        body = error_answer(400, f"the test provider cannot read this request: {why}").body
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("Connection", "close")]
        with contextlib.suppress(ClientGone):
            await connection.write(head_bytes(400, headers) + body)

    async def _one_request(self, connection: Connection) -> bool:
        request = await read_head(connection.reader)
        if request is None:
            return False
        if request.path.startswith(PREFIX):
            await read_body(request, connection.reader, connection.writer)
            exchange = Exchange(0, connection.number, request, "", False, connection.tls_resumed, time.time())
            return await Delivery(connection, self._control.answer(request), PLAIN, exchange).run() and request.keeps_alive
        return await self._answer(connection, request)

    async def _answer(self, connection: Connection, request: Request) -> bool:
        if self.script.take_unread(request) is not None:
            self._record(connection, request)
            await connection.until_gone()
        await read_body(request, connection.reader, connection.writer)
        dialect = next((d for d in self._dialects if d.serves(request)), None)
        facts = dialect.describe(request) if dialect else {}
        exchange = self._record(connection, request, facts.get("model", ""), bool(facts.get("stream")))
        behaviour = self.script.take(request, exchange.model) or named_by_model(exchange.model, self._default)
        answer = self._say(dialect, request, behaviour)
        self.recorder.billed(exchange, answer.prompt_tokens, answer.completion_tokens)
        try:
            reusable = await Delivery(connection, answer, behaviour, exchange).run()
        finally:
            exchange.finished_at = time.time()
            exchange.disconnected_at = None if connection.broken else connection.gone_at
        if reusable and behaviour.close_on_next:
            await connection.reader.read(1)
            await connection.cut("rst")
            return False
        return reusable and request.keeps_alive

    def _record(self, connection: Connection, request: Request, model: str = "", stream: bool = False) -> Exchange:
        return self.recorder.received(connection.number, request, model, stream, connection.tls_resumed)

    def _say(self, dialect: Dialect | None, request: Request, behaviour: Behaviour) -> Answer:
        if behaviour.replay:
            try:
                return recordings.replay(behaviour.replay)
            except LookupError as missing:
                return error_answer(500, str(missing), "test_provider_error")
        answer = self._dialect_answer(dialect, request, behaviour)
        if behaviour.body is not None:
            answer = json_answer(behaviour.body, answer.status)
            if isinstance(behaviour.body, str):
                answer.body = behaviour.body.encode()
        return answer

    def _dialect_answer(self, dialect: Dialect | None, request: Request, behaviour: Behaviour) -> Answer:
        if dialect is None:
            return error_answer(404, f"Unknown request URL: {request.method} {request.path}", code="unknown_url")
        if behaviour.status is not None and behaviour.status >= 400:
            return dialect.refusal(behaviour.status)
        return dialect.answer(request, behaviour)
