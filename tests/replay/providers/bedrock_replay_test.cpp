// Exchanges that real clients had with Bedrock's Converse API.
#include "../../unit/providers/asked.hpp"
#include "bedrock_as_openai.hpp"
#include "recording.hpp"

#include <spidergate/catalogue/catalogue.hpp>
#include <spidergate/core/base64.hpp>
#include <spidergate/providers/dialect.hpp>

#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <random>

namespace spidergate::replay {
namespace {

using bedrock::said;
using providers::asked;
using providers::error_class;
using providers::joined;

const catalogue::catalogue& known() {
  static const auto all = *catalogue::catalogue::build({});
  return *all;
}

const providers::dialect& speaks() {
  return *providers::find_dialect("bedrock");
}

/// The id is in the path, encoded.
std::string model_of(const json& record) {
  const auto path = record.at("path").get<std::string>();
  const auto begin = path.find("/model/") + 7;
  std::string id;
  for (std::size_t i = begin; i < path.find('/', begin); ++i) {
    if (path.compare(i, 3, "%3A") == 0 || path.compare(i, 3, "%2F") == 0) {
      id += path[i + 1] == '3' ? ':' : '/';
      i += 2;
    } else {
      id += path[i];
    }
  }
  return id;
}

/// Some clients leave the colon as it is, which means the same.
std::string with_colons(std::string path) {
  for (auto at = path.find("%3A"); at != std::string::npos; at = path.find("%3A")) path.replace(at, 3, ":");
  return path;
}

struct setting {
  setting(const json& record, const asked& question, std::string_view memo)
      : model(model_of(record)),
        input{.asked = question.request,
              .provider = *known().find_provider("bedrock"),
              .model = model,
              .entry = known().find_model("bedrock", model),
              .memo = memo,
              .request_id = "req_1",
              .now = 1'700'000'000'000} {}
  std::string model;
  providers::answer_input input;
};

std::string check_request(const json& record, const asked& question) {
  const auto model = model_of(record);
  const providers::credential secret{secret_string("key"), {}};
  const auto encoded = speaks().encode({.asked = question.request,
                                        .provider = *known().find_provider("bedrock"),
                                        .base_path = "",
                                        .model = model,
                                        .secret = secret,
                                        .forwarded_headers = {},
                                        .entry = known().find_model("bedrock", model),
                                        .authority = "bedrock-runtime.us-east-1.amazonaws.com"});
  if (!encoded) {
    ADD_FAILURE() << encoded.error().param << ": " << encoded.error().message;
    return {};
  }
  EXPECT_EQ(bedrock::by_meaning(json::parse(joined(encoded->body))), bedrock::by_meaning(record.at("request_body")));
  EXPECT_EQ(with_colons(encoded->target), with_colons(record.at("path")));
  EXPECT_EQ(encoded->dropped_params, std::vector<std::string>{});
  return encoded->memo;
}

void check_meaning(const said& expected, const said& got) {
  EXPECT_EQ(got.text, expected.text);
  EXPECT_EQ(got.thinking, expected.thinking);
  EXPECT_EQ(got.calls, expected.calls);
  EXPECT_EQ(got.ids, expected.ids);
  EXPECT_EQ(got.signatures, expected.signatures);
  EXPECT_EQ(got.finish, expected.finish);
  EXPECT_EQ(got.urls, expected.urls);
  EXPECT_EQ(got.other_citations, expected.other_citations);
}

void check_usage(const json& said, const std::optional<model::usage>& read) {
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->total(), said.at("totalTokens").get<std::int64_t>());
  EXPECT_EQ(read->completion, said.at("outputTokens").get<std::int64_t>());
  EXPECT_EQ(read->cached, said.value("cacheReadInputTokens", 0));
  EXPECT_EQ(read->cache_written, said.value("cacheWriteInputTokens", 0));
}

void check_answer(const json& record, const setting& with) {
  auto body = body_of(record);
  const std::size_t size = body.size();
  body.append(64, '\0');
  const auto decoded = speaks().decode(with.input, "application/json", std::string_view(body).substr(0, size));
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  const auto* answer = std::get_if<providers::client_answer>(&*decoded);
  ASSERT_NE(answer, nullptr);
  const auto expected = bedrock::read_answer(json::parse(body.substr(0, size)));
  check_meaning(expected, bedrock::read_completion(json::parse(joined(answer->body))));
  check_usage(expected.usage, answer->facts.usage);
}

struct replayed {
  std::string out;
  providers::stream_facts facts;
  bool complete = false;
};

replayed feed(const setting& with, std::string_view stream, const std::vector<std::size_t>& sizes) {
  replayed r;
  const auto decoder = speaks().open_stream(with.input, "application/vnd.amazon.eventstream");
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

void check_stream(const json& record, const setting& with, bool usage_asked) {
  std::string stream;
  ASSERT_TRUE(append_base64_decoded(stream, record.at("response_body").get<std::string>()));
  const auto whole = feed(with, stream, {stream.size()});
  EXPECT_TRUE(whole.complete);
  EXPECT_TRUE(whole.facts.done);
  EXPECT_TRUE(whole.facts.finished);
  int usages = 0;
  const auto expected = bedrock::read_stream(stream);
  check_meaning(expected, bedrock::read_chunks(whole.out, usages));
  check_usage(expected.usage, whole.facts.usage);
  EXPECT_EQ(usages, usage_asked ? 1 : 0);
  std::mt19937 random(7);
  std::vector<std::size_t> sizes;
  for (int i = 0; i < 997; ++i) sizes.push_back(1 + random() % (i % 3 == 0 ? 2000 : 40));
  for (const auto& cut : {std::vector<std::size_t>{1}, std::vector<std::size_t>{3, 1, 17}, sizes}) {
    const auto again = feed(with, stream, cut);
    EXPECT_TRUE(again.out == whole.out);
    EXPECT_EQ(again.complete, whole.complete);
    EXPECT_EQ(again.facts.content_bytes, whole.facts.content_bytes);
  }
  // A stream that ends early is told from one that ends.
  const auto cut = feed(with, std::string_view(stream).substr(0, stream.size() / 3), {64});
  EXPECT_FALSE(cut.complete);
}

void check_error(const json& record) {
  const auto error = speaks().decode_error(record.at("status"), recorded_fields(record).views(), body_of(record));
  const std::map<int, error_class> classes{{400, error_class::request_fault},
                                           {403, error_class::invalid_credentials},
                                           {404, error_class::no_such_model},
                                           {429, error_class::rate_limited}};
  // Access is granted model by model: that one is missing is no fault of the key.
  const bool ungranted = error.message.find("access to the model") != std::string::npos;
  EXPECT_EQ(error.kind, ungranted ? error_class::no_such_model : classes.at(record.at("status")));
  EXPECT_EQ(error.status, record.at("status").get<int>());
  EXPECT_EQ(error.message, json::parse(body_of(record)).at("message").get<std::string>());
  const auto type = record.at("response_headers").value("x-amzn-errortype", std::string());
  EXPECT_EQ(error.type, type.substr(0, type.find(':')));
}

/// False when its request has no form of OpenAI's, so that only the answer was looked at.
bool check(const json& record, std::map<std::string, int>& answer_only) {
  std::string why;
  const auto derived = bedrock::as_openai(record, why);
  if (!derived) ++answer_only[why];
  for (const bool usage_asked : {true, false}) {
    auto body = derived ? *derived : json{{"model", "m"}, {"messages", {{{"role", "user"}, {"content", "?"}}}}};
    if (record.at("stream") == true || record.at("path").get<std::string>().ends_with("-stream")) {
      body["stream"] = true;
      body["stream_options"] = {{"include_usage", usage_asked}};
    }
    const asked question(body.dump());
    const auto memo = derived ? check_request(record, question) : std::string();
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

std::string counted(const std::map<std::string, int>& reasons) {
  std::string text;
  for (const auto& [reason, number] : reasons)
    text += (text.empty() ? "" : ", ") + reason + ": " + std::to_string(number);
  return text;
}

TEST(bedrock_replay, says_what_the_provider_said) {
  if (!std::filesystem::is_directory(wire_dir())) {
    std::cout << "recordings missing: no folder " << wire_dir() << " (set SPIDERGATE_WIRE_DIR)\n";
    GTEST_SKIP() << "recordings missing";
  }
  const auto* result = ::testing::UnitTest::GetInstance()->current_test_info()->result();
  int all = 0, run = 0, passed = 0, with_request = 0;
  std::map<std::string, int> skipped, answer_only;
  for (const auto* file : {"bedrock-converse", "bedrock-invoke"}) {
    for (const auto& record : recordings_of(file)) {
      ++all;
      if (record.at("op") == "count_tokens") {
        ++skipped["no endpoint for count_tokens"];
        continue;
      }
      if (record.at("op") == "invoke" && record.at("status") == 200) {
        ++skipped["a chat through InvokeModel, which is not how we chat"];
        continue;
      }
      SCOPED_TRACE(record.at("id").get<std::string>());
      const int before = result->total_part_count();
      if (record.at("op") == "invoke") {
        check_error(record);
        ++answer_only["an error of InvokeModel"];
      } else {
        with_request += check(record, answer_only) ? 1 : 0;
      }
      ++run;
      passed += result->total_part_count() == before ? 1 : 0;
    }
  }
  std::cout << "bedrock: " << all << " recordings: " << run << " run, " << passed << " passed (" << with_request
            << " with their requests; answers alone: " << counted(answer_only) << "), " << all - run
            << " not applicable (" << counted(skipped) << ")\n";
  EXPECT_GT(with_request, 35);
}

}  // namespace
}  // namespace spidergate::replay
