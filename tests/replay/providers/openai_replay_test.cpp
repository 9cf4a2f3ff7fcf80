// Exchanges that real clients had with real providers of OpenAI's dialect: what we would send, what the client would
// get, what we note.
#include "forms.hpp"
#include "reading.hpp"
#include "recording.hpp"

#include <spidergate/openai/request_reader.hpp>
#include <spidergate/providers/dialect.hpp>

#include <gtest/gtest.h>

#include <iostream>
#include <random>

namespace spidergate::replay {
namespace {

using model::endpoint;
using providers::error_class;

std::optional<endpoint> endpoint_of(const json& record) {
  const auto op = record.at("op").get<std::string>();
  if (op == "chat") return endpoint::chat;
  if (op == "completions") return endpoint::completions;
  if (op == "embeddings") return endpoint::embeddings;
  if (op == "moderation") return endpoint::moderations;
  if (op == "images") return endpoint::images;
  if (op == "speech") return endpoint::speech;
  if (op == "transcription") return endpoint::transcriptions;
  if (op == "rerank") return endpoint::rerank;
  return std::nullopt;
}

/// Why an exchange is none of this dialect's; empty when it is one.
std::string not_applicable(const json& record) {
  if (!endpoint_of(record)) return "op " + record.at("op").get<std::string>();
  if (record.at("path").get<std::string>().find("/api/") == 0 && record.at("dialect") == "ollama")
    return "Ollama's own API";
  return {};
}

providers::answer_input about(const model::inference_request& asked) {
  static const catalogue::provider nobody;
  return {.asked = asked, .provider = nobody, .model = "m", .request_id = "req_1"};
}

const catalogue::catalogue& known() {
  static const auto built = catalogue::catalogue::build({});
  return **built;
}

/// Who answered, as the catalogue has them; those of openai-compat under their own names.
const catalogue::provider& provider_of(const json& record) {
  static const catalogue::provider nobody;
  static const std::map<std::string, std::string> ours{
      {"azure", "azure-openai"}, {"llama.cpp", "llamacpp"}, {"vercel-gateway", "vercel"}};
  const auto said = record.at("provider").get<std::string>();
  const auto place = record.value("url", json()).is_string() ? record["url"].get<std::string>() : std::string();
  const auto name = place.find("services.ai.azure.com") != std::string::npos ? "azure-ai-foundry"
                    : ours.contains(said)                                    ? ours.at(said)
                                                                             : said;
  const auto* found = known().find_provider(name);
  return found == nullptr ? nobody : *found;
}

/// What the client would have sent us.
json question_of(const json& record) {
  json asked = record.at("request_body");
  if (!asked.is_object()) {
    asked = {{"model", "any"}, {"messages", {{{"role", "user"}, {"content", "?"}}}}, {"prompt", "?"}, {"input", "?"}};
    if (record.at("stream").get<bool>()) asked["stream"] = true;
  }
  if (!asked.contains("model")) asked["model"] = "from-the-path";  // Azure's deployments
  return asked;
}

struct question {
  std::string body;
  model::inference_request request;
};

/// The recorded form, or the one that a client sends where the provider takes JSON (OpenRouter).
std::pair<std::string, std::string> form_of(const json& record) {
  if (record.value("request_encoding", "") == "base64")
    return {from_base64(record.at("request_body")), record.at("request_headers").at("content-type")};
  const auto& asked = record.at("request_body");
  std::string body =
      "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n" + asked.at("model").get<std::string>();
  body += "\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"sound." +
          asked.at("input_audio").at("format").get<std::string>() + "\"\r\n\r\n" +
          from_base64(asked.at("input_audio").at("data")) + "\r\n--b--\r\n";
  return {body, "multipart/form-data; boundary=b"};
}

/// Null (and a failure) when our reader refuses what the provider took.
std::unique_ptr<question> read(const json& record, const json& asked) {
  auto q = std::make_unique<question>();
  std::string type;
  if (endpoint_of(record) == endpoint::transcriptions)
    std::tie(q->body, type) = form_of(record);
  else
    q->body = asked.dump();
  const std::size_t size = q->body.size();
  q->body.append(64, '\0');
  auto outcome = openai::read_request(*endpoint_of(record), std::string_view(q->body).substr(0, size), type);
  EXPECT_TRUE(outcome.has_value()) << outcome.error().message;
  if (!outcome) return nullptr;
  q->request = std::move(*outcome);
  return q;
}

template <class Pieces>
std::string joined(const Pieces& pieces) {
  std::string text;
  for (const auto piece : pieces) text += piece;
  return text;
}

providers::wire_request encoded(const question& q, const catalogue::provider& provider) {
  const providers::credential secret{secret_string("sk-test"), {}};
  auto wire = providers::find_dialect("openai")->encode({q.request, provider, "/v1", "served/model", secret, {}});
  EXPECT_TRUE(wire.has_value()) << wire.error().message;
  return wire ? std::move(*wire) : providers::wire_request{};
}

void check_form(const json& record, const question& q) {
  const auto& provider = provider_of(record);
  const auto wire = encoded(q, provider);
  if (provider.id == "openrouter") {
    auto expected = record.at("request_body");
    expected["model"] = "served/model";
    EXPECT_EQ(json::parse(joined(wire.body)), expected);
    return;
  }
  auto expected = parts_of(q.body, record.at("request_headers").at("content-type"));
  expected["model"] = "served/model";
  EXPECT_EQ(parts_of(joined(wire.body), wire.content_type), expected);
}

/// Azure's addresses: what its dialects make of a deployment and a version is where the client called.
void check_azure_target(const json& record, const question& q, const catalogue::provider& provider) {
  auto place = record.at("url").get<std::string>();
  place = place.substr(place.find('/', place.find("//") + 2));
  if (place.starts_with("//")) place.erase(0, 1);
  const auto mark = place.find('?');
  const auto version = mark == std::string::npos ? std::string() : place.substr(place.find('=', mark) + 1);
  const bool v1 = place.starts_with("/openai/v1");
  std::string deployment = "m";
  if (const auto at = place.find("/deployments/"); at != std::string::npos)
    deployment = place.substr(at + 13, place.find('/', at + 13) - at - 13);
  const providers::credential secret{
      secret_string("k"),
      {{"api_version", secret_string(v1 ? "v1" : version)}, {"deployment", secret_string(deployment)}}};
  const auto wire =
      providers::find_dialect(provider.dialect)
          ->encode({q.request, provider, provider.dialect == "azure-ai" ? "/models" : "/openai", "m", secret, {}});
  ASSERT_TRUE(wire.has_value());
  if (v1 || !version.empty()) {
    EXPECT_EQ(wire->target, place);
  } else {
    EXPECT_TRUE(wire->target.starts_with(place + "?api-version=")) << wire->target;  // quoted without its query
  }
}

/// What the catalogue's data changes of a request that this very provider took: nothing but what says nothing.
json as_the_data_has_it(json asked, const catalogue::provider& provider) {
  const auto dropped = [&](const char* name) {
    return std::find(provider.drops.begin(), provider.drops.end(), name) != provider.drops.end();
  };
  if (dropped("stream_options")) asked.erase("stream_options");
  if (dropped("n") && asked.value("n", json()) == 1) asked.erase("n");
  return asked;
}

/// With the ids of tool calls numbered, as some providers want them in a form of their own.
json with_numbered_calls(json request) {
  std::map<std::string, int> numbers;
  const auto number = [&](json& id) {
    if (id.is_string()) id = numbers.emplace(id.get<std::string>(), static_cast<int>(numbers.size())).first->second;
  };
  if (!request.contains("messages")) return request;
  for (auto& message : request["messages"]) {
    if (message.contains("tool_call_id")) number(message["tool_call_id"]);
    if (!message.contains("tool_calls") || !message["tool_calls"].is_array()) continue;
    for (auto& call : message["tool_calls"]) number(call["id"]);
  }
  return request;
}

void check_request(const json& record) {
  json asked = question_of(record);
  if (endpoint_of(record) == endpoint::transcriptions) {
    if (const auto q = read(record, asked)) check_form(record, *q);
    return;
  }
  json with_ours = asked;
  with_ours["spidergate_options"] = {{"retry_count", 2}, {"tags", {"a"}}};
  with_ours["x-fallback-chain"] = {"openai/gpt-4o"};
  const auto q = read(record, with_ours);
  if (!q) return;
  json expected = asked;
  expected["model"] = "served/model";
  const bool counts = endpoint_of(record) == endpoint::chat || endpoint_of(record) == endpoint::completions;
  if (counts && asked.value("stream", json()) == true) expected["stream_options"]["include_usage"] = true;
  EXPECT_EQ(json::parse(joined(encoded(*q, {}).body)), expected);
  const auto& provider = provider_of(record);
  const auto wire = encoded(*q, provider);
  EXPECT_EQ(with_numbered_calls(json::parse(joined(wire.body))),
            with_numbered_calls(as_the_data_has_it(expected, provider)));
  EXPECT_TRUE(wire.dropped_params.empty()) << wire.dropped_params.front();
  if (provider.dialect.starts_with("azure")) check_azure_target(record, *q, provider);
}

std::int64_t count(const json& usage, const char* name) {
  return usage.contains(name) && usage[name].is_number() ? usage[name].get<std::int64_t>() : 0;
}

void check_usage(const json& said, const std::optional<model::usage>& read) {
  ASSERT_TRUE(read.has_value()) << said.dump();
  EXPECT_GE(read->prompt, count(said, "prompt_tokens"));
  EXPECT_EQ(read->total(), count(said, "total_tokens")) << said.dump();
  if (said.contains("prompt_tokens_details") && said["prompt_tokens_details"].is_object()) {
    EXPECT_EQ(read->cached, count(said["prompt_tokens_details"], "cached_tokens"));
  }
  if (said.contains("completion_tokens_details") && said["completion_tokens_details"].is_object()) {
    EXPECT_EQ(read->reasoning,
              std::min(count(said["completion_tokens_details"], "reasoning_tokens"), read->completion));
  }
}

/// Mistral's parts as text and thoughts.
void flatten(json& message) {
  std::string text, thoughts;
  for (const auto& part : message["content"]) {
    if (part["type"] == "text") text += part["text"];
    if (part["type"] != "thinking") continue;
    for (const auto& piece : part["thinking"]) thoughts += piece["text"];
  }
  message["content"] = text;
  if (!thoughts.empty()) message["reasoning_content"] = thoughts;
}

/// What the client is to get in place of what the provider said; true where that is not the same.
bool bring_into_form(json& expected, const json& out) {
  bool changed = false;
  for (auto& c : expected["choices"]) {
    if (!c.contains("message")) continue;
    auto& message = c["message"];
    if (message.contains("content") && message["content"].is_object()) {
      changed = true;
      EXPECT_EQ(json::parse(out["choices"][0]["message"]["content"].get<std::string>()), message["content"]);
      message["content"] = out["choices"][0]["message"]["content"];
    }
    if (message.contains("content") && message["content"].is_array()) {
      changed = true;
      flatten(message);
    }
    for (const auto& result : expected.value("search_results", json::array())) {
      changed = true;
      message["annotations"].push_back(
          {{"type", "url_citation"},
           {"url_citation",
            {{"url", result["url"]}, {"title", result["title"]}, {"start_index", 0}, {"end_index", 0}}}});
    }
    if (!message.contains("tool_calls") || !message["tool_calls"].is_array()) continue;
    for (auto& call : message["tool_calls"]) {
      if (call.contains("type")) continue;
      changed = true;
      call["type"] = "function";
    }
  }
  return changed;
}

void check_facts(const json& record, const json& expected, const providers::answer_facts& facts) {
  const auto usage = expected.value("usage", json());
  switch (*endpoint_of(record)) {
    case endpoint::images: {
      ASSERT_TRUE(facts.usage);
      EXPECT_EQ(facts.usage->images, static_cast<std::int64_t>(expected["data"].size()));
      if (!usage.contains("total_tokens")) return;
      EXPECT_EQ(facts.usage->total(), usage["total_tokens"].get<std::int64_t>());
      EXPECT_EQ(facts.usage->image_completion, usage["output_tokens_details"]["image_tokens"].get<std::int64_t>());
      EXPECT_EQ(facts.usage->image_variant,
                expected["quality"].get<std::string>() + "_" + expected["size"].get<std::string>());
      return;
    }
    case endpoint::transcriptions: {
      ASSERT_TRUE(facts.usage);
      EXPECT_EQ(facts.usage->audio_ms_in, usage.value("seconds", 0) * 1000);
      if (!usage.contains("total_tokens")) return;
      EXPECT_EQ(facts.usage->total(), usage["total_tokens"].get<std::int64_t>());
      EXPECT_EQ(facts.usage->audio_prompt, usage["input_token_details"]["audio_tokens"].get<std::int64_t>());
      return;
    }
    case endpoint::rerank:
      ASSERT_TRUE(facts.usage);
      EXPECT_EQ(facts.usage->prompt, usage["total_tokens"].get<std::int64_t>());
      return;
    default:
      break;
  }
  if (usage.is_object() && usage.contains("prompt_tokens")) check_usage(usage, facts.usage);
  if (!usage.is_object()) {
    EXPECT_FALSE(facts.usage.has_value());
  }
}

void check_answer(const json& record) {
  const auto q = read(record, question_of(record));
  if (!q) return;
  auto body = body_of(record);
  const std::size_t size = body.size();
  body.append(64, '\0');
  const auto bytes = std::string_view(body).substr(0, size);
  const auto decoded = providers::find_dialect("openai")->decode(about(q->request), "application/json", bytes);
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  const auto* answer = std::get_if<providers::client_answer>(&*decoded);
  ASSERT_NE(answer, nullptr);
  const auto out = joined(answer->body);
  auto expected = json::parse(bytes);
  bool changed = false;
  if (expected.contains("choices")) changed = bring_into_form(expected, json::parse(out));
  if (endpoint_of(record) == endpoint::images && !expected.contains("created")) {
    changed = true;
    expected["created"] = 0;
  }
  for (const char* name : {"id", "object", "model"}) {
    if (endpoint_of(record) != endpoint::rerank || expected.contains(name)) continue;
    changed = true;
    expected[name] = std::string(name) == "id" ? "rerank-req_1" : std::string(name) == "object" ? "list" : "m";
  }
  EXPECT_EQ(json::parse(out), expected);
  if (!changed) {
    EXPECT_EQ(out, bytes);
  }
  check_facts(record, expected, answer->facts);
}

void check_speech(const json& record) {
  const auto q = read(record, question_of(record));
  if (!q) return;
  const auto sound = from_base64(record.at("response_body"));
  const auto type = record.at("response_headers").at("content-type").get<std::string>();
  for (const std::size_t size : {sound.size(), std::size_t{1}, std::size_t{777}}) {
    const auto decoder = providers::find_dialect("openai")->open_stream(about(q->request), type);
    EXPECT_EQ(decoder->content_type(), type);
    std::string out;
    for (std::size_t at = 0; at < sound.size(); at += size) {
      ASSERT_TRUE(decoder->feed(sound.substr(at, size), out));
    }
    EXPECT_TRUE(decoder->end(out));
    EXPECT_TRUE(out == sound);
    EXPECT_TRUE(decoder->facts().content_seen);
    ASSERT_TRUE(decoder->facts().usage);
    EXPECT_EQ(decoder->facts().usage->characters_in,
              static_cast<std::int64_t>(record.at("request_body").at("input").get<std::string>().size()));
  }
}

error_class expected_class(const json& record) {
  const int status = record.at("status");
  const auto body = body_of(record);
  if (body.find("max context length") != std::string::npos ||
      body.find("too_many_prompt_tokens") != std::string::npos) {
    return error_class::context_length;
  }
  switch (status) {
    case 401:
    case 403:
      return error_class::invalid_credentials;
    case 402:
    case 429:
      return error_class::rate_limited;
    case 404:
      return error_class::no_such_model;
    default:
      return status >= 500 ? error_class::overloaded : error_class::request_fault;
  }
}

void check_error(const json& record) {
  const auto& headers = record.at("response_headers");
  const auto error = providers::find_dialect("openai")->decode_error(record.at("status"),
                                                                     recorded_fields(record).views(), body_of(record));
  EXPECT_EQ(error.kind, expected_class(record));
  EXPECT_EQ(error.status, record.at("status").get<int>());
  EXPECT_EQ(error.retry_after.has_value(),
            headers.contains("retry-after") || error.message.find("try again in") != std::string::npos);
  const auto body = json::parse(body_of(record));
  const auto inner = body.contains("error") ? body["error"] : body;
  const auto said =
      inner.contains("message") ? inner["message"].get<std::string>() : inner.at("detail").get<std::string>();
  EXPECT_EQ(error.message.substr(0, 20), said.substr(0, 20));
  if (inner.contains("code") && inner["code"].is_string()) {
    EXPECT_EQ(error.code, inner["code"].get<std::string>());
  }
}

struct replayed {
  std::string out;
  providers::stream_facts facts;
  bool complete = false;
};

/// Feeds the stream in pieces; each piece is freed before the next, so that a view kept too long is seen by the
/// sanitizer.
replayed feed(const model::inference_request& asked, std::string_view stream, const std::vector<std::size_t>& sizes) {
  replayed r;
  const auto decoder = providers::find_dialect("openai")->open_stream(about(asked), "text/event-stream");
  std::size_t at = 0;
  for (std::size_t i = 0; at < stream.size(); ++i) {
    const auto piece = std::string(stream.substr(at, sizes[i % sizes.size()]));
    at += piece.size();
    if (decoder->feed(piece, r.out)) continue;
    ADD_FAILURE() << decoder->facts().error->message;
    break;
  }
  r.complete = decoder->end(r.out);
  r.facts = decoder->facts();
  return r;
}

std::string with_line_ends(const std::string& stream, std::string_view end) {
  std::string out;
  for (const char c : stream) {
    if (c == '\r') continue;
    if (c == '\n')
      out += end;
    else
      out += c;
  }
  return out;
}

/// What the provider said, in the form in which the client is to get it.
void check_stream_meaning(const reading& said, const replayed& got, bool usage_asked) {
  const auto client = read_stream(got.out, false);
  EXPECT_EQ(client.choices, said.choices);
  EXPECT_FALSE(client.done);
  EXPECT_EQ(client.usage_with_choices, 0);
  EXPECT_EQ(client.usage.size(), usage_asked && !said.usage.empty() && !said.error ? 1u : 0u);
  if (!client.usage.empty()) {
    EXPECT_EQ(client.usage.back(), said.usage.back());
  }
  if (!usage_asked) {
    EXPECT_EQ(client.usage_members, 0);
  }
  if (!said.usage.empty()) check_usage(said.usage.back(), got.facts.usage);
  ASSERT_EQ(got.facts.error.has_value(), said.error.has_value());
  if (said.error) {
    EXPECT_EQ(got.facts.error->message, said.error->at("message").get<std::string>());
    EXPECT_EQ(got.facts.error->kind, error_class::request_fault);
    EXPECT_FALSE(got.complete);
    return;
  }
  bool finished = !said.choices.empty();
  bool content = false;
  std::size_t bytes = 0;
  for (const auto& [index, c] : said.choices) {
    finished = finished && !c.finish_reason.empty();
    content = content || !c.text.empty() || !c.reasoning.empty() || !c.calls.empty();
    bytes += c.text.size() + c.reasoning.size();
    for (const auto& call : c.calls) bytes += call.name.size() + call.arguments.size();
  }
  EXPECT_EQ(got.facts.finished, finished);
  EXPECT_EQ(got.facts.done, said.done);
  EXPECT_EQ(got.complete, finished || said.done);
  EXPECT_EQ(got.facts.content_seen, content);
  EXPECT_GE(got.facts.content_bytes, static_cast<std::int64_t>(bytes));
}

void check_stream(const json& record, bool usage_asked) {
  auto asked = question_of(record);
  asked["stream_options"] = {{"include_usage", usage_asked}};
  const auto q = read(record, asked);
  if (!q) return;
  const auto stream = with_line_ends(body_of(record), "\n");
  const auto whole = feed(q->request, stream, {stream.size()});
  check_stream_meaning(read_stream(stream, true), whole, usage_asked);
  for (const std::string_view end : {"\n", "\r\n", "\r"}) {
    const auto bytes = with_line_ends(stream, end);
    std::mt19937 random(7);
    std::vector<std::size_t> sizes;
    for (int i = 0; i < 997; ++i) sizes.push_back(1 + random() % (i % 3 == 0 ? 2000 : 40));
    for (const auto& cut : {std::vector<std::size_t>{bytes.size()}, std::vector<std::size_t>{1}, sizes}) {
      const auto again = feed(q->request, bytes, cut);
      EXPECT_TRUE(again.out == whole.out);
      EXPECT_EQ(again.complete, whole.complete);
      EXPECT_EQ(again.facts.content_bytes, whole.facts.content_bytes);
    }
  }
}

void check(const json& record) {
  check_request(record);
  if (record.at("status") != 200) return check_error(record);
  if (endpoint_of(record) == endpoint::speech) return check_speech(record);
  if (!record.at("stream").get<bool>()) return check_answer(record);
  check_stream(record, true);
  check_stream(record, false);
}

class openai_replay : public ::testing::TestWithParam<std::string> {};

TEST_P(openai_replay, says_what_the_provider_said) {
  if (!std::filesystem::is_directory(wire_dir())) {
    std::cout << "recordings missing: no folder " << wire_dir() << " (set SPIDERGATE_WIRE_DIR)\n";
    GTEST_SKIP() << "recordings missing";
  }
  const auto* result = ::testing::UnitTest::GetInstance()->current_test_info()->result();
  int run = 0, passed = 0;
  std::map<std::string, int> skipped;
  for (const auto& record : recordings_of(GetParam())) {
    const auto reason = not_applicable(record);
    if (!reason.empty()) {
      ++skipped[reason];
      continue;
    }
    SCOPED_TRACE(record.at("id").get<std::string>());
    const int before = result->total_part_count();
    check(record);
    ++run;
    passed += result->total_part_count() == before ? 1 : 0;
  }
  std::cout << "replayed " << GetParam() << ": " << run << " run, " << passed << " passed";
  for (const auto& [reason, number] : skipped) std::cout << ", " << number << " not applicable (" << reason << ")";
  std::cout << "\n";
  EXPECT_GT(run, 0);
}

INSTANTIATE_TEST_SUITE_P(recordings, openai_replay,
                         ::testing::Values("openai-chat", "openai-completions", "openai-embeddings",
                                           "openai-moderations", "openai-images", "openai-audio", "azure-openai",
                                           "cerebras", "deepseek", "groq", "huggingface", "mistral", "openai-compat",
                                           "openrouter", "perplexity", "together", "xai", "ollama"),
                         [](const auto& file) {
                           auto name = file.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace spidergate::replay
