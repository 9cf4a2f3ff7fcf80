#include "../../unit/providers/asked.hpp"
#include "anthropic_as_openai.hpp"
#include "recording.hpp"

#include <spidergate/catalogue/catalogue.hpp>
#include <spidergate/providers/dialect.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <random>

namespace spidergate::replay {
namespace {

using providers::asked;
using providers::error_class;
using providers::joined;

const catalogue::catalogue& known() {
  static const auto all = *catalogue::catalogue::build({});
  return *all;
}

bool on_vertex(const json& record) {
  return record.at("provider") == "vertex";
}

const providers::dialect& dialect_of(const json& record) {
  return *providers::find_dialect(on_vertex(record) ? "vertex-anthropic" : "anthropic");
}

const catalogue::provider& provider_of(const json& record) {
  return *known().find_provider(on_vertex(record) ? "vertex-anthropic" : "anthropic");
}

std::string model_of(const json& record) {
  return record.at("model").is_string() ? record.at("model").get<std::string>() : "claude-sonnet-4-5";
}

/// What the decoder is told; the memo is what encoding left.
struct setting {
  explicit setting(const json& record, const asked& question, std::string_view memo)
      : model(model_of(record)),
        input{.asked = question.request,
              .provider = provider_of(record),
              .model = model,
              .entry = known().find_model(provider_of(record).id, model),
              .memo = memo,
              .request_id = "req_1",
              .now = 1'700'000'000'000} {}
  std::string model;
  providers::answer_input input;
};

std::string base_of(const std::string& path) {
  const auto at = path.find(path.find("/models/") != std::string::npos ? "/models/" : "/messages");
  return path.substr(0, at + (path.find("/models/") != std::string::npos ? 7 : 0));
}

/// Encodes what the client would have sent, and compares with what was sent. Gives the memo.
std::string check_request(const json& record, const asked& question) {
  const auto model = model_of(record);
  const auto path = record.at("path").get<std::string>();
  const auto base = base_of(path);
  const providers::credential secret{secret_string("sk-ant-1"), {}};
  const auto encoded = dialect_of(record).encode({.asked = question.request,
                                                  .provider = provider_of(record),
                                                  .base_path = base,
                                                  .model = model,
                                                  .secret = secret,
                                                  .forwarded_headers = {},
                                                  .entry = known().find_model(provider_of(record).id, model)});
  if (!encoded) {
    ADD_FAILURE() << encoded.error().param << ": " << encoded.error().message;
    return {};
  }
  const auto& wire = *encoded;
  const auto sent = json::parse(joined(wire.body));
  EXPECT_EQ(by_meaning(sent), by_meaning(record.at("request_body")));
  EXPECT_EQ(wire.target, path);
  EXPECT_EQ(wire.dropped_params, std::vector<std::string>{});
  EXPECT_EQ(wire.headers.find("anthropic-version: 2023-06-01\r\n") != std::string::npos, !on_vertex(record));
  const bool files = joined(wire.body).find(R"("file_id")") != std::string::npos;
  EXPECT_EQ(wire.headers.find("files-api-2025-04-14") != std::string::npos, files);
  return wire.memo;
}

void check_usage(const json& said, const std::optional<model::usage>& read) {
  ASSERT_TRUE(read.has_value());
  const auto count = [&said](const char* name) {
    return said.contains(name) && said[name].is_number() ? said[name].get<std::int64_t>() : 0;
  };
  const auto written = count("cache_creation_input_tokens");
  EXPECT_EQ(read->cached, count("cache_read_input_tokens"));
  EXPECT_EQ(read->cache_written, written);
  EXPECT_EQ(read->prompt, count("input_tokens") + count("cache_read_input_tokens") + written);
  EXPECT_EQ(read->completion, count("output_tokens"));
  const auto details = said.value("output_tokens_details", json::object());
  EXPECT_EQ(read->reasoning, details.is_object() ? details.value("thinking_tokens", 0) : 0);
  const auto served = said.value("server_tool_use", json());
  EXPECT_EQ(read->web_searches, served.is_object() ? served.value("web_search_requests", 0) : 0);
}

void check_meaning(const said_message& said, const client_message& got) {
  EXPECT_EQ(got.id, said.id);
  EXPECT_EQ(got.model, said.model);
  EXPECT_EQ(got.text, said.text);
  EXPECT_EQ(got.thinking, said.thinking);
  EXPECT_EQ(got.signed_thinking, said.signed_thinking);
  EXPECT_EQ(got.calls, said.calls);
  EXPECT_EQ(got.finish, said.finish);
  EXPECT_EQ(got.urls, said.urls);
  EXPECT_EQ(got.other_citations, said.other_citations);
}

void check_answer(const json& record, const setting& with) {
  auto body = body_of(record);
  const std::size_t size = body.size();
  body.append(64, '\0');
  const auto decoded =
      dialect_of(record).decode(with.input, "application/json", std::string_view(body).substr(0, size));
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  const auto* answer = std::get_if<providers::client_answer>(&*decoded);
  ASSERT_NE(answer, nullptr);
  const auto said = json::parse(body.substr(0, size));
  const auto got = json::parse(joined(answer->body));
  EXPECT_EQ(got.at("object"), "chat.completion");
  check_meaning(read_message(said), read_client_answer(got));
  check_usage(said.at("usage"), answer->facts.usage);
  EXPECT_EQ(got.at("usage").at("prompt_tokens"), answer->facts.usage->prompt);
}

struct replayed {
  std::string out;
  providers::stream_facts facts;
  bool complete = false;
};

replayed feed(const json& record, const setting& with, std::string_view stream, const std::vector<std::size_t>& sizes) {
  replayed r;
  const auto decoder = dialect_of(record).open_stream(with.input, "text/event-stream");
  std::size_t at = 0;
  for (std::size_t i = 0; at < stream.size(); ++i) {
    // Each piece is freed before the next, so that a view kept too long is seen by the sanitizer.
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

void check_stream(const json& record, const setting& with, bool usage_asked) {
  const auto stream = with_line_ends(body_of(record), "\n");
  const auto whole = feed(record, with, stream, {stream.size()});
  const auto said = read_events(stream);
  const auto got = read_client_stream(whole.out);
  if (said.error.empty()) {
    check_meaning(said, got);
    check_usage(said.usage, whole.facts.usage);
    EXPECT_TRUE(whole.complete);
    EXPECT_TRUE(whole.facts.done);
    EXPECT_TRUE(whole.facts.finished);
    EXPECT_EQ(got.usages, usage_asked ? 1 : 0);
  } else {
    ASSERT_TRUE(whole.facts.error.has_value());
    EXPECT_EQ(whole.facts.error->message, said.error);
    EXPECT_EQ(whole.facts.error->kind, error_class::overloaded);
    EXPECT_FALSE(whole.complete);
    EXPECT_EQ(whole.out, "");
  }
  for (const std::string_view end : {"\n", "\r\n", "\r"}) {
    const auto bytes = with_line_ends(stream, end);
    std::mt19937 random(7);
    std::vector<std::size_t> sizes;
    for (int i = 0; i < 997; ++i) sizes.push_back(1 + random() % (i % 3 == 0 ? 2000 : 40));
    for (const auto& cut : {std::vector<std::size_t>{bytes.size()}, std::vector<std::size_t>{1}, sizes}) {
      const auto again = feed(record, with, bytes, cut);
      EXPECT_TRUE(again.out == whole.out);
      EXPECT_EQ(again.complete, whole.complete);
      EXPECT_EQ(again.facts.content_bytes, whole.facts.content_bytes);
    }
  }
}

void check_error(const json& record) {
  const auto error =
      dialect_of(record).decode_error(record.at("status"), recorded_fields(record).views(), body_of(record));
  const auto said = json::parse(body_of(record)).at("error");
  EXPECT_EQ(error.message, said.at("message").get<std::string>());
  EXPECT_EQ(error.type, said.at("type").get<std::string>());
  EXPECT_EQ(error.status, record.at("status").get<int>());
  const std::map<std::string, error_class> classes{{"authentication_error", error_class::invalid_credentials},
                                                   {"not_found_error", error_class::no_such_model},
                                                   {"rate_limit_error", error_class::rate_limited},
                                                   {"overloaded_error", error_class::overloaded},
                                                   {"invalid_request_error", error_class::context_length}};
  EXPECT_EQ(error.kind, classes.at(error.type));
}

/// False when its request has no form of OpenAI's, so that only the answer was looked at.
bool check(const json& record) {
  const auto derived = as_openai(record);
  std::string memo;
  for (const bool usage_asked : {true, false}) {
    auto body = derived ? *derived : json{{"model", "m"}, {"messages", {{{"role", "user"}, {"content", "?"}}}}};
    const auto& sent = record.at("request_body");
    if (sent.is_object() ? sent.value("stream", false) : record.at("stream") == true) body["stream"] = true;
    if (record.at("stream") == true) body["stream_options"] = {{"include_usage", usage_asked}};
    const asked question(body.dump());
    if (derived) memo = check_request(record, question);
    const setting with(record, question, memo);
    if (record.at("status") != 200) {
      check_error(record);
    } else if (record.at("stream") == true) {
      check_stream(record, with, usage_asked);
    } else {
      check_answer(record, with);
    }
  }
  return derived.has_value();
}

TEST(anthropic_replay, says_what_the_provider_said) {
  if (!std::filesystem::is_directory(wire_dir())) {
    std::cout << "recordings missing: no folder " << wire_dir() << " (set SPIDERGATE_WIRE_DIR)\n";
    GTEST_SKIP() << "recordings missing";
  }
  const auto* result = ::testing::UnitTest::GetInstance()->current_test_info()->result();
  int all = 0, run = 0, passed = 0, with_request = 0;
  std::map<std::string, int> skipped;
  for (const auto& record : recordings_of("anthropic")) {
    ++all;
    if (record.at("op") != "messages") {
      ++skipped["no endpoint for " + record.at("op").get<std::string>()];
      continue;
    }
    SCOPED_TRACE(record.at("id").get<std::string>());
    const int before = result->total_part_count();
    with_request += check(record) ? 1 : 0;
    ++run;
    passed += result->total_part_count() == before ? 1 : 0;
  }
  std::cout << "anthropic: " << all << " recordings: " << run << " run, " << passed << " passed (" << with_request
            << " with their requests)";
  for (const auto& [reason, number] : skipped) std::cout << ", " << number << " not applicable (" << reason << ")";
  std::cout << "\n";
  EXPECT_GT(with_request, 40);
}

}  // namespace
}  // namespace spidergate::replay
