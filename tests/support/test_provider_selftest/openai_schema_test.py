"""What holds answers to OpenAI's schema sees what is wrong: each damage of a good answer, and each of a good stream."""

import copy
import json

import httpx2
import pytest
from openai import OpenAI
from openai.types.chat import ChatCompletion
from openai_schema import SchemaWatch, StreamSchema, complaints_about, complaints_about_error

CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
GOOD = {
    "id": "x", "object": "chat.completion", "created": 1, "model": "m",
    "choices": [{"index": 0, "finish_reason": "tool_calls", "logprobs": None,
                 "message": {"role": "assistant", "content": None, "refusal": None, "tool_calls": [CALL]}}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}


def damaged(path, value):
    made = copy.deepcopy(GOOD)
    at = made
    for step in path[:-1]:
        at = at[step]
    if value is KeyError:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return made


MESSAGE = ("choices", 0, "message")
DAMAGES = [
    (("id",), KeyError), (("created",), 1.5), (("created",), "1"), (("object",), "chat.completion.chunk"), (("model",), None), (("usage",), KeyError),
    (("usage", "total_tokens"), 4), (("usage", "prompt_tokens"), "1"), (("surprise",), 1), (("choices",), []), (("choices", 0, "index"), 1),
    (("choices", 0, "finish_reason"), "end_turn"), (("choices", 0, "finish_reason"), None), (("choices", 0, "finish_reason"), "stop"),
    ((*MESSAGE, "content"), KeyError), ((*MESSAGE, "refusal"), KeyError), ((*MESSAGE, "role"), "model"), ((*MESSAGE, "tool_calls"), None),
    ((*MESSAGE, "annotations"), [{"type": "url_citation", "url_citation": {"url": "u"}}]), ((*MESSAGE, "tool_calls", 0, "index"), 0),
    ((*MESSAGE, "tool_calls", 0, "id"), ""), ((*MESSAGE, "tool_calls", 0, "type"), "tool_use"), ((*MESSAGE, "tool_calls"), [CALL, CALL]),
    ((*MESSAGE, "tool_calls", 0, "function", "arguments"), {}), ((*MESSAGE, "tool_calls", 0, "function", "arguments"), '{"a'),
]


def test_a_good_answer_has_no_complaints():
    assert complaints_about(GOOD, ChatCompletion) == []


@pytest.mark.parametrize("path, value", DAMAGES, ids=lambda part: str(part)[-60:])
def test_a_damaged_answer_has_one(path, value):
    assert complaints_about(damaged(path, value), ChatCompletion)


@pytest.mark.parametrize("error", [{}, {"message": "m"}, {"message": "m", "type": "t", "param": None, "code": 400},
                                   {"message": "", "type": "t", "param": None, "code": None}])
def test_an_error_without_its_members_has_complaints(error):
    assert complaints_about_error({"error": error})


def chunk(delta=None, finish=None, **more):
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices, **more}


FIRST = chunk({"role": "assistant", "content": "a"})
LAST, USAGE = chunk({}, "stop"), chunk(usage=GOOD["usage"])
BEGUN = chunk({"role": "assistant", "tool_calls": [{"index": 0, **CALL, "function": {"name": "weather", "arguments": ""}}]})
MORE, CALLED = chunk({"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}), chunk({}, "tool_calls")
ERROR = {"error": {"message": "m", "type": "t", "param": None, "code": None}}
DONE = "[DONE]"


def complaints_of(events, with_usage=True):
    schema = StreamSchema(with_usage)
    for event in events:
        schema.read(event if isinstance(event, str) else json.dumps(event))
    return schema.complaints


@pytest.mark.parametrize("events", [[FIRST, chunk({"content": "b"}), LAST, USAGE, DONE], [BEGUN, MORE, CALLED, USAGE, DONE], [FIRST, ERROR]])
def test_a_good_stream_has_no_complaints(events):
    assert complaints_of(events) == []


@pytest.mark.parametrize("events", [
    [FIRST, LAST, DONE], [FIRST, USAGE, DONE], [FIRST, LAST, USAGE, USAGE, DONE], [FIRST, USAGE, LAST, DONE], [LAST, USAGE, DONE],
    [chunk({"content": "a"}), LAST, USAGE, DONE], [FIRST, FIRST, LAST, USAGE, DONE], [FIRST, LAST, chunk({"content": "b"}), USAGE, DONE],
    [FIRST, {**LAST, "id": "y"}, USAGE, DONE], [FIRST, {**LAST, "created": 2}, USAGE, DONE], [FIRST, LAST, USAGE, DONE, LAST], [FIRST, ERROR, DONE],
    [BEGUN, CALLED, USAGE, DONE], [BEGUN, BEGUN, CALLED, USAGE, DONE], [BEGUN, MORE, LAST, USAGE, DONE], [FIRST, MORE, CALLED, USAGE, DONE],
    [FIRST, {"error": {"message": "m"}}], [chunk({"role": "assistant", "content": 1}), LAST, USAGE, DONE], [FIRST, chunk({"surprise": 1}), LAST, USAGE, DONE],
])
def test_a_damaged_stream_has_one(events):
    assert complaints_of(events)


def test_usage_that_nobody_asked_for_is_a_complaint():
    assert complaints_of([FIRST, LAST, USAGE, DONE], with_usage=False)


def seen_by_a_watch(content_type, body, **asked):
    """What a watch says of one answer that the SDK gets, and reads to its end."""
    watch = SchemaWatch()
    served = httpx2.MockTransport(lambda request: httpx2.Response(200, headers={"content-type": content_type}, stream=httpx2.ByteStream(body)))
    with watch.client(transport=served) as http, OpenAI(base_url="http://x/v1", api_key="k", max_retries=0, http_client=http) as client:
        answer = client.chat.completions.create(model="m", messages=[], **asked)
        if asked.get("stream"):
            list(answer)
    return watch.complaints


def stream_of(*events):
    return b"".join(b"data: " + (event if isinstance(event, str) else json.dumps(event)).encode() + b"\n\n" for event in events)


def test_a_watch_reads_along_with_the_sdk():
    assert seen_by_a_watch("application/json", json.dumps(GOOD).encode()) == []
    assert seen_by_a_watch("application/json", json.dumps({**GOOD, "created": "1"}).encode())
    assert seen_by_a_watch("application/json", json.dumps(damaged(("object",), KeyError)).encode())
    assert seen_by_a_watch("text/event-stream", stream_of(FIRST, LAST, DONE), stream=True) == []
    assert seen_by_a_watch("text/event-stream", stream_of(FIRST, LAST), stream=True)
    assert seen_by_a_watch("text/event-stream", stream_of(FIRST, chunk({"content": "b", "surprise": 1}), LAST, DONE), stream=True)
    assert seen_by_a_watch("text/event-stream", stream_of(FIRST, LAST, DONE), stream=True, stream_options={"include_usage": True})
