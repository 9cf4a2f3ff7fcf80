#include "converse.hpp"

#include "../upstream/scripted_server.hpp"
#include "run_coroutine.hpp"

#include <spidergate/runtime/blocking_pool.hpp>

#include <gtest/gtest.h>

namespace spidergate::engine {
namespace {

using namespace std::chrono_literals;
using providers::follow_up;
using ending = attempt_outcome::ending;

/// A provider of jobs. An answer that begins with '/' is where to ask next; one that begins with '^' has to be uploaded
/// to; anything else is the answer itself.
class jobs final : public providers::dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "jobs"; }
  [[nodiscard]] bool serves(model::endpoint) const noexcept override { return true; }
  [[nodiscard]] boost::system::result<providers::wire_request, providers::refusal> encode(
      const providers::encode_input& in) const override {
    authority = in.authority;
    if (in.model == "mute") return providers::refusal{"tools", "it has no tools"};
    providers::wire_request wire;
    wire.target = "/jobs";
    wire.headers = "authorization: Bearer " + std::string(in.secret.key.reveal()) + "\r\n";
    wire.owned.push_back(std::make_unique<std::string>("{}"));
    wire.body.emplace_back(*wire.owned.back());
    wire.memo = "first";
    if (in.model == "dropping") wire.dropped_params = {"seed"};
    return wire;
  }
  [[nodiscard]] boost::system::result<std::variant<providers::client_answer, follow_up>, providers::provider_error>
  decode(const providers::answer_input& in, std::string_view, std::string_view body) const override {
    memos.emplace_back(in.memo);
    using decoded = std::variant<providers::client_answer, follow_up>;
    if (body.starts_with("{\"job\":")) return decoded(follow_up{.target = "/jobs/7", .memo = "poll"});
    if (body.starts_with('/')) return decoded(follow_up{.target = std::string(body), .memo = "poll"});
    if (body.starts_with('^'))
      return decoded(follow_up{"PUT", std::string(body.substr(1)), "audio/wav", std::string(upload, 'x'), "upload"});
    providers::client_answer answer;
    answer.body.push_back(body);
    answer.content_type = body.starts_with("ID3") ? "audio/mpeg" : "";
    return decoded(std::move(answer));
  }
  [[nodiscard]] std::unique_ptr<providers::stream_decoder> open_stream(const providers::answer_input& in,
                                                                       std::string_view type) const override {
    memos.emplace_back(in.memo);
    return providers::find_dialect("openai")->open_stream(in, type);
  }
  [[nodiscard]] providers::provider_error decode_error(int status, providers::header_fields,
                                                       std::string_view body) const override {
    providers::provider_error error;
    error.status = status;
    error.kind = status == 503 ? providers::error_class::overloaded : providers::error_class::request_fault;
    error.message = std::string(body);
    return error;
  }
  mutable std::vector<std::string> memos;
  mutable std::string authority;
  std::size_t upload = 3;
};

class collecting_sink final : public response_sink {
 public:
  void open(const opening& head) override { seen = head; }
  awaitable<result<void>> write(std::string_view frames) override {
    text += frames;
    co_return result<void>{};
  }
  std::optional<opening> seen;
  std::string text;
};

constexpr std::string_view chunk =
    R"({"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]})";
constexpr std::string_view whole =
    R"({"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]})";

std::string answer_of(std::string_view body, int status = 200, std::string_view type = "application/json") {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: " + std::string(type) +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

class conversation_with_jobs : public ::testing::Test {
 protected:
  conversation_with_jobs() {
    who.provider = &provider;
    who.model = "m";
    provider.id = "p";
  }

  /// Asks one question; the server gives these answers in turn, the last of them for ever.
  attempt_outcome ask(std::vector<std::string> answers) {
    server.emplace(home, std::vector<testing::scripted_server::script>{
                             [this, answers](testing::peer& client) { return serve(*this, client, answers); }});
    const destination to{{.tls = false, .host = "127.0.0.1", .port = server->port(), .allow_private = true},
                         "",
                         "",
                         "127.0.0.1:" + std::to_string(server->port())};
    const std::vector<router::ranked_candidate> order;
    const std::vector<std::pair<std::string, std::string>> no_headers;
    const task what{.asked = asked,
                    .order = order,
                    .brand_id = {},
                    .deadline = home.time().steady_now() + total,
                    .total = total,
                    .forwarded_headers = no_headers,
                    .stop = stop,
                    .sink = &sink};
    attempt_setting setting{.home = home,
                            .providers = providers_,
                            .tokens = tokens,
                            .places = places,
                            .what = what,
                            .clocks = settings,
                            .stream = progress,
                            .fallback_from = {}};
    const partner with{who, provider, speaks, to, secret};
    attempt_outcome outcome;
    testing::run_coroutine(home, converse(setting, with, outcome));
    return outcome;
  }

  static awaitable<void> serve(conversation_with_jobs& self, testing::peer& client, std::vector<std::string> answers) {
    while (true) {
      auto request = co_await client.read_request();
      if (request.empty()) co_return;
      const auto at = std::min(self.requests.size(), answers.size() - 1);
      self.requests.push_back(std::move(request));
      co_await client.send(answers[at]);
    }
  }

  static std::string told(const attempt_outcome& outcome) { return outcome.why ? outcome.why->message : ""; }

  static std::string body_of(const attempt_outcome& outcome) {
    std::string text;
    for (const auto piece : outcome.answer.body) text += piece;
    return text;
  }

  runtime::worker home{0, runtime::system_clock()};
  runtime::blocking_pool resolver{1, 1};
  upstream::client providers_{home, resolver, nullptr, {}};
  destinations places;
  access_tokens tokens{home, providers_};
  catalogue::provider provider;
  router::candidate who;
  jobs speaks;
  providers::credential secret{secret_string("sk-secret"), {}};
  options settings;
  stream_progress progress;
  runtime::stop_signal stop;
  collecting_sink sink;
  model::inference_request asked;
  std::chrono::milliseconds total{10'000};
  std::vector<std::string> requests;
  std::optional<testing::scripted_server> server;
};

TEST_F(conversation_with_jobs, what_has_to_be_asked_next_is_asked_with_the_same_credential) {
  const auto outcome = ask({answer_of("^/upload?a=b"), answer_of("/jobs/7"), answer_of("/jobs/7"), answer_of("{}")});
  ASSERT_EQ(outcome.how, ending::answered) << told(outcome);
  EXPECT_EQ(body_of(outcome), "{}");
  ASSERT_EQ(requests.size(), 4u);
  EXPECT_TRUE(requests[0].starts_with("POST /jobs HTTP/1.1\r\n"));
  EXPECT_NE(requests[0].find("content-type: application/json"), std::string::npos);
  EXPECT_TRUE(requests[1].starts_with("PUT /upload?a=b HTTP/1.1\r\n"));
  EXPECT_NE(requests[1].find("content-type: audio/wav"), std::string::npos);
  EXPECT_TRUE(requests[1].ends_with("\r\n\r\nxxx"));
  EXPECT_TRUE(requests[2].starts_with("GET /jobs/7 HTTP/1.1\r\n"));
  EXPECT_EQ(requests[2].find("content-type"), std::string::npos);
  for (const auto& request : requests) EXPECT_NE(request.find("authorization: Bearer sk-secret"), std::string::npos);
  EXPECT_EQ(speaks.memos, (std::vector<std::string>{"first", "upload", "poll", "poll"}));
  EXPECT_EQ(speaks.authority, "127.0.0.1:" + std::to_string(server->port()));
}

TEST_F(conversation_with_jobs, a_job_that_never_ends_is_given_up) {
  const auto outcome = ask({answer_of("/jobs/7")});
  EXPECT_EQ(outcome.how, ending::failed);
  EXPECT_EQ(requests.size(), 201u);
  EXPECT_NE(outcome.why->message.find("200"), std::string::npos) << outcome.why->message;
  EXPECT_TRUE(outcome.request_sent);
}

TEST_F(conversation_with_jobs, a_provider_may_not_want_endless_uploads) {
  settings.max_answer_bytes = 1000;
  speaks.upload = 400;
  const auto outcome = ask({answer_of("^/more")});
  EXPECT_EQ(outcome.how, ending::failed);
  EXPECT_EQ(requests.size(), 3u);
}

TEST_F(conversation_with_jobs, a_poll_that_fails_in_passing_is_repeated) {
  const auto outcome = ask({answer_of("/jobs/7"), answer_of("busy", 503), answer_of("{}")});
  EXPECT_EQ(outcome.how, ending::answered) << told(outcome);
  EXPECT_EQ(requests.size(), 3u);
}

TEST_F(conversation_with_jobs, a_job_that_failed_is_not_asked_for_again) {
  const auto outcome = ask({answer_of("/jobs/7"), answer_of("bad prompt", 422)});
  EXPECT_EQ(outcome.how, ending::failed);
  EXPECT_EQ(outcome.status, 422);
  EXPECT_EQ(outcome.why->message, "bad prompt");
  EXPECT_EQ(requests.size(), 2u);
}

TEST_F(conversation_with_jobs, nothing_that_a_provider_says_reaches_into_the_head_of_a_request) {
  for (const std::string_view target : {"/a b", "/a\r\nX-Injected: 1", "/\x7f"}) {
    requests.clear();
    const auto outcome = ask({answer_of(target)});
    EXPECT_EQ(outcome.how, ending::failed) << target;
    EXPECT_EQ(requests.size(), 1u) << target;
  }
}

TEST_F(conversation_with_jobs, the_total_clock_ends_waiting_for_a_job) {
  total = 300ms;
  const auto outcome = ask({answer_of("/jobs/7"), answer_of("busy", 503)});
  EXPECT_EQ(outcome.how, ending::failed);
  EXPECT_EQ(stop.why(), runtime::stop_signal::reason::deadline);
  EXPECT_EQ(outcome.why->next, next_step::stop);
}

TEST_F(conversation_with_jobs, what_cannot_be_said_is_not_sent) {
  who.model = "mute";
  const auto outcome = ask({answer_of("{}")});
  EXPECT_TRUE(outcome.why->unsupported);
  EXPECT_EQ(outcome.why->next, next_step::other_candidate);
  EXPECT_EQ(outcome.why->to_client.param, "tools");
  EXPECT_TRUE(requests.empty());
  EXPECT_FALSE(outcome.request_sent);
}

TEST_F(conversation_with_jobs, dropped_parameters_are_told_or_with_strict_params_refused) {
  who.model = "dropping";
  const auto answered = ask({answer_of("{}")});
  EXPECT_EQ(answered.how, ending::answered);
  EXPECT_EQ(answered.dropped_params, std::vector<std::string>{"seed"});
  requests.clear();
  asked.options.strict_params = true;
  const auto outcome = ask({answer_of("{}")});
  ASSERT_TRUE(outcome.why);
  EXPECT_TRUE(outcome.why->unsupported);
  EXPECT_EQ(outcome.why->to_client.param, "seed");
  EXPECT_TRUE(requests.empty());
}

TEST_F(conversation_with_jobs, a_stream_may_begin_after_a_job_was_made) {
  asked.stream = true;
  const auto events = "data: " + std::string(chunk) + "\n\ndata: [DONE]\n\n";
  const auto outcome = ask({answer_of(R"({"job":7})"), answer_of(events, 200, "text/event-stream")});
  ASSERT_EQ(outcome.how, ending::streamed) << told(outcome);
  EXPECT_EQ(sink.text, "data: " + std::string(chunk) + "\n\n");
  EXPECT_EQ(speaks.memos, (std::vector<std::string>{"first", "poll"}));
}

TEST_F(conversation_with_jobs, a_whole_answer_to_a_streamed_question_becomes_a_stream) {
  asked.stream = true;
  who.model = "dropping";
  const auto outcome = ask({answer_of(whole)});
  ASSERT_EQ(outcome.how, ending::streamed) << told(outcome);
  EXPECT_NE(sink.text.find(R"("content":"hi")"), std::string::npos) << sink.text;
  EXPECT_NE(sink.text.find("chat.completion.chunk"), std::string::npos) << sink.text;
  ASSERT_TRUE(sink.seen);
  EXPECT_EQ(sink.seen->content_type, "");
  EXPECT_EQ(sink.seen->dropped_params, std::vector<std::string>{"seed"}) << "told in a stream's head as well";
}

TEST_F(conversation_with_jobs, a_transcript_that_comes_whole_goes_out_whole) {
  asked.kind = model::endpoint::transcriptions;
  asked.stream = true;
  const auto outcome = ask({answer_of(R"({"text":"hi"})")});
  EXPECT_EQ(outcome.how, ending::answered);
  EXPECT_EQ(body_of(outcome), R"({"text":"hi"})");
  EXPECT_FALSE(sink.seen);
}

}  // namespace
}  // namespace spidergate::engine
