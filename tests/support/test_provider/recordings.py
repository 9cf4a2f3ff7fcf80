"""Recorded exchanges with real providers, replayed by id."""

from __future__ import annotations

import base64
import json
import os
import re
from functools import lru_cache
from pathlib import Path

from .answer import Answer, Frame

_REPOSITORY = Path(__file__).resolve().parents[3]


def directory() -> Path:
    return Path(os.environ.get("SPIDERGATE_WIRE_DIR", _REPOSITORY.parent / "shared" / "wire"))


@lru_cache(maxsize=None)
def _records(folder: Path) -> dict[str, dict]:
    found = {}
    for file in sorted(folder.glob("*.jsonl")):
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                found[record["id"]] = record
    return found


def find(identity: str) -> dict:
    folder = directory()
    if not folder.is_dir():
        raise LookupError(f"no recordings: {folder} is missing (set SPIDERGATE_WIRE_DIR)")
    if identity not in _records(folder):
        raise LookupError(f"no recorded exchange {identity!r} in {folder}")
    return _records(folder)[identity]


def replay(identity: str) -> Answer:
    """The recorded answer, its stream cut into events again; transport headers are written anew."""
    record = find(identity)
    body = record["response_body"]
    if not isinstance(body, (str, bytes)):
        body = json.dumps(body, ensure_ascii=False)
    data = base64.b64decode(body) if record.get("response_encoding") == "base64" else body.encode()
    headers = {name.lower(): value for name, value in record["response_headers"].items()}
    content_type = headers.pop("content-type", "application/json")
    answer = Answer(record["status"], list(headers.items()), content_type, data)
    if record["stream"] and content_type.startswith("text/event-stream"):
        events = re.findall(rb".*?(?:\r\n\r\n|\n\n|$)", data, re.DOTALL)
        answer.frames = [Frame(event, is_content=b'"content"' in event) for event in events if event]
    return answer
