#include "translated_replay.hpp"

#include <algorithm>
#include <iostream>
#include <random>

namespace spidergate::replay {

namespace {

using model::endpoint;
using providers::asked;
using providers::joined;

const catalogue::catalogue& known() {
  static const auto all = *catalogue::catalogue::build({});
  return *all;
}

/// One record with what is known of it, and what the decoders are told.
struct scene {
  scene(const translation& t, const json& r, const asked& question, std::string_view memo)
      : how(t),
        record(r),
        model(r.at("model").is_string() ? r.at("model").get<std::string>() : "any"),
        dialect(*providers::find_dialect(t.dialect_of(r))),
        provider(*known().find_provider(t.provider_of(r))),
        input{.asked = question.request,
              .provider = provider,
              .model = model,
              .entry = known().find_model(provider.id, model),
              .memo = memo,
              .request_id = "req_1",
              .now = 1'700'000'000'000} {}
  const translation& how;
  const json& record;
  std::string model;
  const providers::dialect& dialect;
  const catalogue::provider& provider;
  providers::answer_input input;
};

/// Encodes what the client would have sent, and compares with what was sent. Gives the memo.
std::string check_request(const scene& s) {
  const auto base = s.how.base_path_of(s.record);
  const providers::credential secret{secret_string("key-1"), {}};
  const auto encoded = s.dialect.encode({.asked = s.input.asked,
                                         .provider = s.provider,
                                         .base_path = base,
                                         .model = s.model,
                                         .secret = secret,
                                         .forwarded_headers = {},
                                         .entry = s.input.entry,
                                         .authority = "provider.test",
                                         .now = s.input.now});
  if (!encoded) {
    ADD_FAILURE() << encoded.error().param << ": " << encoded.error().message;
    return {};
  }
  EXPECT_EQ(s.how.normal(json::parse(joined(encoded->body))), s.how.normal(s.record.at("request_body")));
  EXPECT_EQ(encoded->dropped_params, s.how.dropped(s.record));
  return encoded->memo;
}

void check_usage(const meaning& said, const std::optional<model::usage>& read) {
  ASSERT_EQ(read.has_value(), said.usage.has_value());
  if (!said.usage) return;
  EXPECT_EQ(read->prompt, said.usage->prompt);
  EXPECT_EQ(read->cached, said.usage->cached);
  EXPECT_EQ(read->cache_written, said.usage->cache_written);
  EXPECT_EQ(read->completion, said.usage->completion);
  EXPECT_EQ(read->reasoning, said.usage->reasoning);
}

std::vector<std::string> urls_of(const json& message) {
  std::vector<std::string> urls;
  for (const auto& a : message.value("annotations", json::array())) {
    if (a.contains("url_citation")) urls.push_back(a["url_citation"].value("url", ""));
  }
  return urls;
}

/// The message as the choice that a stream would have made of it.
choice choice_of(const json& c) {
  choice out;
  const auto& message = c.at("message");
  out.text = text_of(message.value("content", json())) + text_of(message.value("refusal", json()));
  out.reasoning = text_of(message.value("reasoning_content", json()));
  out.finish_reason = c.at("finish_reason");
  for (const auto& call : message.value("tool_calls", json::array())) {
    out.calls.push_back({call.at("id"), call.at("function").at("name"), call.at("function").at("arguments")});
  }
  return out;
}

void check_answer(const scene& s) {
  auto body = body_of(s.record);
  const std::size_t size = body.size();
  body.append(64, '\0');
  const auto decoded = s.dialect.decode(s.input, "application/json", std::string_view(body).substr(0, size));
  const bool chats = s.how.kind_of(s.record) == endpoint::chat;
  const auto said = chats ? s.how.said(s.record, body.substr(0, size)) : meaning{};
  if (!said.error.empty()) {
    ASSERT_FALSE(decoded.has_value());
    EXPECT_EQ(decoded.error().message, said.error);
    return;
  }
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  const auto* answer = std::get_if<providers::client_answer>(&*decoded);
  ASSERT_NE(answer, nullptr);
  const auto client = json::parse(joined(answer->body));
  if (!chats) return s.how.check_other(s.record, client, answer->facts);
  EXPECT_EQ(client.at("object"), "chat.completion");
  ASSERT_EQ(client.at("choices").size(), 1u);
  const auto& only = client["choices"][0];
  EXPECT_EQ(choice_of(only), said.says);
  EXPECT_EQ(urls_of(only.at("message")), said.urls);
  check_usage(said, answer->facts.usage);
  if (said.usage) {
    EXPECT_EQ(client.at("usage").at("total_tokens"), said.usage->total());
  }
}

struct replayed {
  std::string out;
  providers::stream_facts facts;
  bool complete = false;
};

/// Each piece is freed before the next, so that a view kept too long is seen by the sanitizer.
replayed feed(const scene& s, std::string_view stream, const std::vector<std::size_t>& sizes) {
  replayed r;
  const auto type = s.record.at("response_headers").value("content-type", "text/event-stream");
  const auto decoder = s.dialect.open_stream(s.input, type);
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

void check_stream_meaning(const meaning& said, const replayed& got, bool usage_asked) {
  const auto client = read_stream(got.out, false);
  if (!said.error.empty()) {
    ASSERT_TRUE(got.facts.error.has_value());
    EXPECT_EQ(got.facts.error->message, said.error);
    EXPECT_FALSE(got.complete);
    return;
  }
  ASSERT_EQ(client.choices.size(), 1u);
  EXPECT_EQ(client.choices.at(0), said.says);
  EXPECT_TRUE(got.complete);
  EXPECT_TRUE(got.facts.finished);
  EXPECT_EQ(client.usage.size(), usage_asked ? 1u : 0u);
  EXPECT_EQ(client.usage_with_choices, 0);
  check_usage(said, got.facts.usage);
  std::size_t bytes = said.says.text.size() + said.says.reasoning.size();
  for (const auto& call : said.says.calls) bytes += call.name.size() + call.arguments.size();
  EXPECT_EQ(got.facts.content_bytes, static_cast<std::int64_t>(bytes));
  EXPECT_EQ(got.facts.content_seen, bytes > 0);
  std::vector<std::string> urls;
  for (const auto& data : events_of(got.out)) {
    const auto chunk = json::parse(data);
    for (const auto& c : chunk.at("choices")) {
      for (auto& url : urls_of(c.at("delta"))) urls.push_back(url);
    }
  }
  EXPECT_EQ(urls, said.urls);
}

void check_stream(const scene& s, bool usage_asked) {
  const bool lines = s.how.has_lines();
  const auto stream = lines ? with_line_ends(body_of(s.record), "\n") : body_of(s.record);
  const auto whole = feed(s, stream, {stream.size()});
  check_stream_meaning(s.how.said(s.record, stream), whole, usage_asked);
  std::vector<std::string> forms{stream};
  if (lines) forms.push_back(with_line_ends(stream, "\r\n"));
  for (const auto& bytes : forms) {
    std::vector<std::vector<std::size_t>> cuts{{bytes.size()}, {1}};
    for (unsigned seed = 1; seed <= 3; ++seed) {
      std::mt19937 random(seed);
      auto& sizes = cuts.emplace_back();
      for (int i = 0; i < 997; ++i) sizes.push_back(1 + random() % (i % 3 == 0 ? 2000 : 40));
    }
    for (const auto& cut : cuts) {
      const auto again = feed(s, bytes, cut);
      EXPECT_TRUE(again.out == whole.out);
      EXPECT_EQ(again.complete, whole.complete);
      EXPECT_EQ(again.facts.content_bytes, whole.facts.content_bytes);
    }
  }
}

void check_error(const scene& s) {
  const auto error =
      s.dialect.decode_error(s.record.at("status"), recorded_fields(s.record).views(), body_of(s.record));
  EXPECT_EQ(error.kind, s.how.error_class_of(s.record));
  EXPECT_EQ(error.status, s.record.at("status").get<int>());
  EXPECT_FALSE(error.message.empty());
  EXPECT_NE(body_of(s.record).find(error.message.substr(0, 12)), std::string::npos) << error.message;
  if (s.record.at("response_headers").contains("retry-after")) {
    EXPECT_TRUE(error.retry_after.has_value());
  }
}

json any_question(endpoint kind) {
  json asked{{"model", "m"}};
  if (kind == endpoint::chat) asked["messages"] = {{{"role", "user"}, {"content", "?"}}};
  if (kind == endpoint::embeddings) asked["input"] = "?";
  if (kind == endpoint::rerank) asked.update({{"query", "?"}, {"documents", {"?"}}});
  return asked;
}

/// False when its request has no form of OpenAI's.
bool check(const translation& how, const json& record) {
  const auto derived = how.question_of(record);
  const bool streams = record.at("stream").get<bool>();
  const auto kind = how.kind_of(record);
  for (const bool usage_asked : streams ? std::vector<bool>{true, false} : std::vector<bool>{false}) {
    auto body = derived ? *derived : any_question(kind);
    if (streams) body.update({{"stream", true}, {"stream_options", {{"include_usage", usage_asked}}}});
    const asked question(body.dump(), kind);
    std::string memo;
    if (derived) memo = check_request(scene(how, record, question, {}));
    const scene s(how, record, question, memo);
    if (record.at("status") != 200) {
      check_error(s);
    } else if (streams) {
      check_stream(s, usage_asked);
    } else {
      check_answer(s);
    }
  }
  return derived.has_value();
}

}  // namespace

void replay_all(const translation& how, int at_least) {
  if (!std::filesystem::is_directory(wire_dir())) {
    std::cout << "recordings missing: no folder " << wire_dir() << " (set SPIDERGATE_WIRE_DIR)\n";
    GTEST_SKIP() << "recordings missing";
  }
  const auto* result = ::testing::UnitTest::GetInstance()->current_test_info()->result();
  int all = 0, run = 0, passed = 0, with_request = 0;
  std::map<std::string, int> skipped;
  for (const auto& record : recordings_of(how.file())) {
    ++all;
    const auto reason = how.not_applicable(record);
    if (!reason.empty()) {
      ++skipped[reason];
      continue;
    }
    SCOPED_TRACE(record.at("id").get<std::string>());
    const int before = result->total_part_count();
    with_request += check(how, record) ? 1 : 0;
    ++run;
    passed += result->total_part_count() == before ? 1 : 0;
  }
  std::cout << how.file() << ": " << all << " recordings: " << run << " run, " << passed << " passed (" << with_request
            << " with their requests)";
  for (const auto& [reason, number] : skipped) std::cout << ", " << number << " not applicable (" << reason << ")";
  std::cout << "\n";
  EXPECT_GE(with_request, at_least);
}

}  // namespace spidergate::replay
