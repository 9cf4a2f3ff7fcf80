"""Recorded answers of real providers, replayed through the gateway: what the provider said is what the client reads."""

import json
from collections import defaultdict

import pytest
from test_provider import recordings
from wire import events

# Files whose chat answers are in the OpenAI dialect, give or take a vendor's own members.
DIALECTS = ("openai-chat", "azure-openai", "groq", "deepseek", "mistral", "openrouter", "together", "xai", "cerebras", "perplexity",
            "huggingface", "openai-compat")


def chat_records():
    folder = recordings.directory()
    for name in DIALECTS if folder.is_dir() else ():
        with (folder / f"{name}.jsonl").open(encoding="utf-8") as lines:
            for record in map(json.loads, lines):
                if record["op"] == "chat" and record["status"] == 200 and record["path"].endswith("/chat/completions"):
                    yield record


RECORDS = list(chat_records())
WHOLE = [record for record in RECORDS if not record["stream"]]
STREAMS = [record for record in RECORDS if record["stream"] and not {"error_in_stream", "stream_incomplete"} & set(record["features"])]
BROKEN = [record for record in RECORDS if record["stream"] and "error_in_stream" in record["features"]]


def one_by_one(records):
    return pytest.mark.parametrize("record", records or [pytest.param(None, marks=pytest.mark.skip(reason="no recordings; set SPIDERGATE_WIRE_DIR"))],
                                   ids=lambda record: record["id"] if record else "none")


def plain(message):
    """The content of Mistral's thinking models is a list of parts, which no client of OpenAI's reads: they get text and reasoning_content."""
    if not isinstance(message.get("content"), list):
        return message
    parts = message["content"]
    thoughts = "".join(piece["text"] for part in parts for piece in part.get("thinking", []))
    turned = {**message, "content": "".join(part.get("text", "") for part in parts if part["type"] == "text")}
    return {**turned, "reasoning_content": thoughts} if thoughts else turned


def said(chunks):
    """Text, reasoning, tool calls and ends of a stream, by choice, however they were cut into chunks."""
    heard = defaultdict(lambda: defaultdict(str))
    calls, begun = {}, defaultdict(int)  # (choice, index) -> (id, slot)
    for chunk in chunks:
        for choice in chunk.get("choices") or []:
            mine, delta = heard[choice.get("index", 0)], plain(choice.get("delta") or {})
            for field in ("content", "reasoning_content", "reasoning", "refusal"):
                if isinstance(delta.get(field), str):
                    mine[field] += delta[field]
            for position, call in enumerate(delta.get("tool_calls") or []):
                function = call.get("function") or {}
                place = choice.get("index", 0), call["index"] if isinstance(call.get("index"), int) else position
                known = calls.get(place)
                # The same index under a new id and a name is another call; the gateway gives it an index of its own.
                if known is None or (call.get("id") and known[0] and call["id"] != known[0] and function.get("name")):
                    calls[place] = known = call.get("id"), begun[place[0]]
                    begun[place[0]] += 1
                slot = known[1]
                mine[f"name {slot}"] += function.get("name") or ""
                arguments = function.get("arguments") or ""
                mine[f"arguments {slot}"] += arguments if isinstance(arguments, str) else json.dumps(arguments)
            mine["finish"] = choice.get("finish_reason") or mine["finish"]
    return {index: {field: text for field, text in fields.items() if text} for index, fields in heard.items()}


@one_by_one(STREAMS)
@pytest.mark.parametrize("write_size", [0, 7], ids=["whole", "in_pieces"])
def test_a_recorded_stream_says_the_same_through_the_gateway(gateway, provider, record, write_size):
    provider.script({"replay": record["id"], "write_size": write_size})
    reply = gateway.chat(stream=True, stream_options={"include_usage": True})
    recorded = [chunk for chunk in events(record["response_body"].encode()) if isinstance(chunk, dict)]
    assert reply.status == 200 and reply.events[-1] == "[DONE]"
    assert said(reply.events[:-1]) == said(recorded)


@one_by_one(WHOLE)
def test_a_recorded_answer_reaches_the_client_unchanged(gateway, provider, record):
    provider.script({"replay": record["id"]})
    reply = gateway.chat()
    recorded = record["response_body"]
    recorded = json.loads(recorded) if isinstance(recorded, str) else recorded
    assert reply.status == 200
    got = reply.json
    for mine, theirs in zip(got.get("choices", []), recorded.get("choices", [])):
        # Cloudflare answers response_format with the object itself; clients are promised text.
        if isinstance(theirs.get("message", {}).get("content"), dict):
            mine["message"]["content"] = json.loads(mine["message"]["content"])
        # Sources that Perplexity and others give beside the choices stand in the message too, as OpenAI has them.
        if recorded.get("citations") and "annotations" not in theirs["message"]:
            found = [one["url_citation"]["url"] for one in mine["message"].pop("annotations")]
            assert found == [url for url in recorded["citations"] if url in found] and found
        theirs["message"] = plain(theirs["message"])
    assert {name: got.get(name) for name in recorded if name != "model"} == {name: value for name, value in recorded.items() if name != "model"}


@one_by_one(BROKEN)
def test_a_recorded_error_inside_a_stream_is_an_error_to_the_client(fresh, provider, record):
    provider.script({"replay": record["id"]}, times=None)
    reply = fresh().chat(stream=True)
    assert b"[DONE]" not in reply.body
    assert reply.status >= 400 or "error" in reply.events[-1]
