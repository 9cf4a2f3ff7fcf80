"""The official SDKs' helpers, LangChain and Vercel's AI SDK, where the provider behind the gateway speaks Anthropic's, Google's or
Amazon's language: stream helpers, parse(), tool loops. What they were given is held to OpenAI's schema on the way."""

import asyncio
import json
import os
import shutil
import subprocess
from enum import Enum
from pathlib import Path

import pytest
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool as langchain_tool
from langchain_openai import ChatOpenAI
from openai import AsyncOpenAI, pydantic_function_tool
from openai_schema import checked_openai
from pydantic import BaseModel, Field
from test_provider.dialects.bedrock import ACCESS_KEY, SECRET_KEY

MODELS = ["an/claude-sonnet-4-5", "an/claude-3-7-sonnet-20250219", "gm/gemini-3-flash", "gm/gemini-2.5-flash",
          "bd/us.anthropic.claude-sonnet-4-5-20250929-v1:0", "bd/us.amazon.nova-lite-v1:0"]
SECRETS = {"an": "sk-ant-secret-0002", "gm": "AIza-secret-gm-0002", "bd": SECRET_KEY}

_NODE_TESTS = Path(__file__).resolve().parent / "node" / "translated"
_INSTALLED = Path(os.environ.get("SPIDERGATE_NODE_DIR", Path(__file__).resolve().parents[2] / "build" / "node"))


def _models(provider):
    names = [model.partition("/")[2] for model in MODELS if model.startswith(f"{provider}/")]
    return [{"name": name, "input_per_mtok_usd": 1.0, "output_per_mtok_usd": 2.0} for name in names]


@pytest.fixture(scope="module")
def make_translating(make_gateway, running_provider, tmp_path_factory):
    """Makes and starts a gateway with a provider of each dialect."""
    made = []
    providers = {
        "an": {"dialect": "anthropic", "base_url": running_provider.url("/an"), "auth": "header:x-api-key", "models": _models("an")},
        "gm": {"dialect": "gemini", "base_url": running_provider.url("/gm/v1beta"), "auth": "header:x-goog-api-key", "models": _models("gm")},
        "bd": {"dialect": "bedrock", "base_url": running_provider.url("/bd"), "auth": "sigv4", "models": _models("bd")},
    }
    more = {"bd": ["--credential", f"access_key_id={ACCESS_KEY}", "--credential", "region=eu-west-1"]}

    def make():
        gateway = make_gateway(tmp_path_factory.mktemp("translating"), providers=providers)
        made.append(gateway)
        for name, secret in SECRETS.items():
            gateway.add_provider_key(name, secret, f"{name}-a", *more.get(name, []))
        return gateway.start()

    yield make
    for gateway in made:
        gateway.end()
        assert not [secret for secret in SECRETS.values() if secret in gateway.log()]


@pytest.fixture(scope="module")
def translating(make_translating):
    return make_translating()


@pytest.fixture
def client(translating, provider):
    with checked_openai(translating) as made:
        yield made


@pytest.fixture(params=MODELS)
def model(request):
    return request.param


def user(text):
    return [{"role": "user", "content": text}]


# The official SDK for Python


def test_the_stream_helper_tells_of_content_as_it_comes(client, model):
    asked = {"model": model, "messages": user("one two"), "stream_options": {"include_usage": True}}
    with client.chat.completions.stream(**asked) as stream:
        seen = list(stream)
    deltas = [event.delta for event in seen if event.type == "content.delta"]
    assert deltas == ["You", " said:", " one", " two"]
    assert [event.content for event in seen if event.type == "content.done"] == ["You said: one two"]
    final = stream.get_final_completion()
    assert final.choices[0].message.content == "You said: one two" and final.usage.total_tokens == 6


class Kind(str, Enum):
    train = "train"
    ship = "ship"


class Person(BaseModel):
    name: str = Field(description="Their given name")
    age: int


class Trip(BaseModel):
    """A trip, with a value of every kind."""

    kind: Kind
    days: int
    price: float
    booked: bool
    guide: Person
    guests: list[Person]
    note: str | None


PARIS = Person(name="Paris", age=3)
TRIP = Trip(kind=Kind.train, days=3, price=1.5, booked=True, guide=PARIS, guests=[PARIS], note="Paris")


@pytest.mark.parametrize("streamed", [False, True])
def test_parse_gives_an_instance_of_a_nested_class(client, model, streamed):
    asked = {"model": model, "messages": user("plan"), "response_format": Trip}
    if streamed:
        with client.chat.completions.stream(**asked) as stream:
            answer = stream.get_final_completion()
    else:
        answer = client.chat.completions.parse(**asked)
    assert answer.choices[0].message.parsed == TRIP
    assert answer.choices[0].finish_reason == "stop" and not answer.choices[0].message.tool_calls


class Weather(BaseModel):
    """The weather on a trip."""

    trip: Trip
    city: str


class News(BaseModel):
    """What is new in a city."""

    city: str


TOOLS = [pydantic_function_tool(Weather), pydantic_function_tool(News)]


@pytest.mark.parametrize("streamed", [False, True])
def test_a_loop_of_parallel_parsed_tools_goes_round_twice(client, model, streamed, provider):
    messages = user("weather and news, in parallel please")
    for turn in range(2):
        if streamed:
            with client.chat.completions.stream(model=model, messages=messages, tools=TOOLS) as stream:
                done = [event for event in stream if event.type == "tool_calls.function.arguments.done"]
            message = stream.get_final_completion().choices[0].message
            assert [event.parsed_arguments for event in done] == [Weather(trip=TRIP, city="Paris"), News(city="Paris")]
        else:
            message = client.chat.completions.parse(model=model, messages=messages, tools=TOOLS).choices[0].message
        parsed = [call.function.parsed_arguments for call in message.tool_calls]
        assert parsed == [Weather(trip=TRIP, city="Paris"), News(city="Paris")]
        results = [{"role": "tool", "tool_call_id": call.id, "content": f"{call.function.name} {turn}"} for call in message.tool_calls]
        messages = [*messages, message, *results]
        said = client.chat.completions.create(model=model, messages=messages, tools=TOOLS).choices[0].message
        assert said.content == f"The tool said: Weather {turn}"
        messages = [*messages, said, *user("once more, in parallel please")]
    assert len(provider.requests()) == 4


@pytest.mark.parametrize("choice", ["none", "required", {"type": "function", "function": {"name": "News"}}])
def test_a_choice_of_tools_is_respected(client, model, choice):
    answer = client.chat.completions.create(model=model, messages=user("hi"), tools=[TOOLS[1], TOOLS[0]], tool_choice=choice).choices[0]
    if choice == "none":
        assert answer.message.content == "You said: hi" and answer.finish_reason == "stop"
    else:
        assert answer.finish_reason == "tool_calls" and len(answer.message.tool_calls) == 1
        assert choice == "required" or answer.message.tool_calls[0].function.name == "News"


@pytest.mark.parametrize("streamed", [False, True])
def test_reasoning_comes_beside_the_answer(client, provider, model, streamed):
    provider.script({"reasoning": "let me think", "answer": "a b"})
    asked = {"model": model, "messages": user("think")}
    if streamed:
        deltas = [c.choices[0].delta for c in client.chat.completions.create(**asked, stream=True) if c.choices]
        thought = "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas)
        text = "".join(delta.content or "" for delta in deltas)
    else:
        message = client.chat.completions.create(**asked).choices[0].message
        thought, text = message.reasoning_content, message.content
    assert (thought, text) == ("let me think", "a b")


def test_many_streams_at_once_keep_apart(translating, provider):
    async def ask(made, model, number):
        words = []
        async with made.chat.completions.stream(model=model, messages=user(f"number {number}")) as stream:
            async for event in stream:
                if event.type == "content.delta":
                    words.append(event.delta)
        return "".join(words)

    async def all_of_them():
        async with AsyncOpenAI(base_url=translating.url(), api_key=translating.key, max_retries=0) as made:
            return await asyncio.gather(*(ask(made, MODELS[n % len(MODELS)], n) for n in range(24)))

    assert asyncio.run(all_of_them()) == [f"You said: number {n}" for n in range(24)]


# LangChain


@langchain_tool
def weather(city: str) -> str:
    """The weather in a city."""
    return f"rain in {city}"


@langchain_tool
def news(city: str) -> str:
    """What is new in a city."""
    return f"nothing in {city}"


@pytest.fixture
def chain(translating, provider, model):
    return ChatOpenAI(model=model, base_url=translating.url(), api_key=translating.key, max_retries=0, stream_usage=True)


def _said(chain, messages, streamed):
    if not streamed:
        return chain.invoke(messages)
    whole = None
    for piece in chain.stream(messages):
        whole = piece if whole is None else whole + piece
    return whole


@pytest.mark.parametrize("streamed", [False, True])
def test_langchain_goes_round_a_tool_loop(chain, streamed):
    bound = chain.bind_tools([weather, news])
    asked = [HumanMessage("weather and news, in parallel please")]
    called = _said(bound, asked, streamed)
    assert [(call["name"], call["args"]) for call in called.tool_calls] == [("weather", {"city": "Paris"}), ("news", {"city": "Paris"})]
    known = {"weather": weather, "news": news}
    results = [ToolMessage(known[call["name"]].invoke(call["args"]), tool_call_id=call["id"]) for call in called.tool_calls]
    said = _said(bound, [*asked, called, *results], streamed)
    assert said.content == "The tool said: rain in Paris" and said.usage_metadata["total_tokens"] > 0


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_langchain_gets_an_instance_of_its_class(chain, method):
    assert chain.with_structured_output(Trip, method=method).invoke("plan") == TRIP


# Node: the official SDK and Vercel's AI SDK


@pytest.mark.parametrize("file", sorted(path.name for path in _NODE_TESTS.glob("*.test.js")))
def test_node_sdks_work(make_translating, translating, provider, file):
    assert shutil.which("node"), "node is missing: install nodejs and npm"
    assert (_INSTALLED / "node_modules" / "ai").is_dir(), "the SDKs are not installed: run tests/e2e/run"
    # Failures rest keys, which the other tests want.
    gateway = make_translating() if file == "failures.test.js" else translating
    environment = {**os.environ, "SPIDERGATE_NODE_DIR": str(_INSTALLED), "GATEWAY_URL": gateway.url(), "GATEWAY_KEY": gateway.key,
                   "PROVIDER_URL": f"http://127.0.0.1:{provider.port}", "MODELS": json.dumps(MODELS)}
    command = ["node", "--test", "--test-reporter=tap", str(_NODE_TESTS / file)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\n# fail 0\n" in done.stdout and "\n# skipped 0\n" in done.stdout and "\n# pass 0\n" not in done.stdout, done.stdout
