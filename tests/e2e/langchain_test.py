"""LangChain's ChatOpenAI against the gateway: invoke, stream, a tool loop, structured output, embeddings."""

import pytest
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel
from test_provider.dialects.openai import vector


@pytest.fixture
def model(gateway):
    return ChatOpenAI(model="tp/echo", base_url=gateway.url("/v1"), api_key=gateway.key, max_retries=0, stream_usage=True)


@tool
def weather(city: str) -> str:
    """The weather in a city."""
    return f"rain in {city}"


def test_invoke_answers_with_usage(model):
    answer = model.invoke("hello chain")
    assert answer.content == "You said: hello chain"
    assert answer.usage_metadata["total_tokens"] == 6


def test_stream_yields_the_answer_in_pieces_and_usage_at_the_end(model):
    pieces = list(model.stream("hello chain"))
    whole = pieces[0]
    for piece in pieces[1:]:
        whole += piece
    assert whole.content == "You said: hello chain" and len([p for p in pieces if p.content]) == 4
    assert whole.usage_metadata["total_tokens"] == 6


def test_a_bound_tool_is_called_and_its_result_comes_back(model):
    bound = model.bind_tools([weather])
    asked = [HumanMessage("what weather?")]
    called = bound.invoke(asked)
    assert [call["name"] for call in called.tool_calls] == ["weather"]
    call = called.tool_calls[0]
    result = ToolMessage(weather.invoke(call["args"]), tool_call_id=call["id"])
    assert bound.invoke([*asked, called, result]).content == "The tool said: rain in Paris"


def test_streamed_tool_calls_join_to_whole_ones(model):
    whole = None
    for piece in model.bind_tools([weather]).stream("what weather?"):
        whole = piece if whole is None else whole + piece
    assert [(call["name"], call["args"]) for call in whole.tool_calls] == [("weather", {"city": "Paris"})]


class Trip(BaseModel):
    """A trip."""

    city: str
    days: int


def test_structured_output_is_an_instance_of_its_class(model):
    assert model.with_structured_output(Trip, method="json_schema").invoke("plan") == Trip(city="Paris", days=3)
    assert model.with_structured_output(Trip, method="function_calling").invoke("plan") == Trip(city="Paris", days=3)


def test_embeddings_are_the_providers_numbers(gateway):
    made = OpenAIEmbeddings(model="tp/embed", base_url=gateway.url("/v1"), api_key=gateway.key, check_embedding_ctx_length=False, dimensions=8)
    assert made.embed_documents(["one", "two"]) == [vector("one", 8), vector("two", 8)]
