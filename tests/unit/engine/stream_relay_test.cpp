#include "stream_relay.hpp"

#include "manual_clock.hpp"
#include "run_coroutine.hpp"

#include <spidergate/runtime/blocking_pool.hpp>

#include <gtest/gtest.h>

#include <deque>

namespace spidergate::engine {
namespace {

std::string chunk(std::string_view content) {
  return R"(data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":")" +
         std::string(content) + R"("},"finish_reason":null}]})" + "\n\n";
}
const std::string in_band_error =
    "data: {\"error\":{\"message\":\"the model fell over\",\"type\":\"server_error\"}}\n\n";

/// A provider's body in the reads that it is told.
class scripted_call final : public upstream::call {
 public:
  explicit scripted_call(std::deque<std::string> reads) : reads_(std::move(reads)) {}
  [[nodiscard]] const upstream::response_head& head() const noexcept override { return head_; }
  awaitable<result<std::string_view>> read_some(steady_time /*deadline*/) override {
    if (reads_.empty()) co_return std::string_view{};
    current_ = std::move(reads_.front());
    reads_.pop_front();
    co_return std::string_view(current_);
  }
  void cancel() noexcept override {}
  [[nodiscard]] bool reused_connection() const noexcept override { return false; }

 private:
  std::deque<std::string> reads_;
  std::string current_;
  upstream::response_head head_;
};

class collecting_sink final : public response_sink {
 public:
  void open(const opening& head) override {
    opened = true;
    content_type = head.content_type;
  }
  awaitable<result<void>> write(std::string_view frames) override {
    text += frames;
    co_return result<void>{};
  }
  bool opened = false;
  std::string content_type;
  std::string text;
};

/// Sound: bytes that go out as they came.
class sounding final : public providers::stream_decoder {
 public:
  [[nodiscard]] bool feed(std::string_view bytes, std::string& out) override {
    out += bytes;
    facts_.content_seen = true;
    facts_.content_bytes += static_cast<std::int64_t>(bytes.size());
    return bytes.find("broken") == std::string_view::npos;
  }
  [[nodiscard]] bool end(std::string&) override {
    facts_.finished = facts_.done = true;
    return true;
  }
  [[nodiscard]] const providers::stream_facts& facts() const noexcept override { return facts_; }
  [[nodiscard]] std::string_view content_type() const noexcept override { return "audio/mpeg"; }

 private:
  providers::stream_facts facts_;
};

class voices final : public providers::dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "voices"; }
  [[nodiscard]] bool serves(model::endpoint) const noexcept override { return true; }
  [[nodiscard]] boost::system::result<providers::wire_request, providers::refusal> encode(
      const providers::encode_input&) const override {
    return providers::wire_request{};
  }
  [[nodiscard]] boost::system::result<std::variant<providers::client_answer, providers::follow_up>,
                                      providers::provider_error>
  decode(const providers::answer_input&, std::string_view, std::string_view) const override {
    return providers::provider_error{};
  }
  [[nodiscard]] std::unique_ptr<providers::stream_decoder> open_stream(const providers::answer_input&,
                                                                       std::string_view) const override {
    return std::make_unique<sounding>();
  }
  [[nodiscard]] providers::provider_error decode_error(int, providers::header_fields, std::string_view) const override {
    return {};
  }
};

class stream_relay : public ::testing::Test {
 protected:
  attempt_outcome relay(std::deque<std::string> reads) {
    asked.stream = true;
    const std::vector<router::ranked_candidate> order;
    const std::vector<std::pair<std::string, std::string>> no_headers;
    const task what{.asked = asked,
                    .order = order,
                    .brand_id = {},
                    .deadline = time.steady_now() + std::chrono::minutes(1),
                    .total = std::chrono::minutes(1),
                    .forwarded_headers = no_headers,
                    .stop = stop,
                    .sink = &sink};
    attempt_setting setting{.home = home,
                            .providers = providers,
                            .tokens = tokens,
                            .places = places,
                            .what = what,
                            .clocks = settings,
                            .stream = progress,
                            .fallback_from = {}};
    const conversation with{*speaks, who, {.asked = asked, .provider = who, .model = "m"}};
    attempt_outcome outcome;
    testing::run_coroutine(home,
                           relay_stream(setting, with, std::make_unique<scripted_call>(std::move(reads)), outcome));
    return outcome;
  }

  testing::manual_clock time;
  runtime::worker home{0, time};
  runtime::blocking_pool resolver{1, 1};
  upstream::client providers{home, resolver, nullptr, {}};
  destinations places;
  access_tokens tokens{home, providers};
  catalogue::provider who;
  const providers::dialect* speaks = providers::find_dialect("openai");
  options settings;
  stream_progress progress;
  runtime::stop_signal stop;
  collecting_sink sink;
  model::inference_request asked;
};

TEST_F(stream_relay, content_in_the_same_read_as_an_error_is_sent_once_the_stream_has_begun) {
  const auto outcome = relay({chunk("one"), chunk("two") + in_band_error});
  EXPECT_EQ(outcome.how, attempt_outcome::ending::stream_failed);
  EXPECT_NE(sink.text.find("one"), std::string::npos);
  EXPECT_NE(sink.text.find("two"), std::string::npos) << sink.text;
  EXPECT_EQ(sink.text.find("fell over"), std::string::npos) << "the error frame is written by whoever knows the client";
  EXPECT_EQ(outcome.why->message, "the model fell over");
}

TEST_F(stream_relay, content_in_the_same_read_as_garbage_is_sent_once_the_stream_has_begun) {
  const auto outcome = relay({chunk("one"), chunk("two") + "data: {nonsense\n\n"});
  EXPECT_EQ(outcome.how, attempt_outcome::ending::stream_failed);
  EXPECT_NE(sink.text.find("two"), std::string::npos) << sink.text;
}

TEST_F(stream_relay, nothing_is_sent_when_the_error_comes_with_the_first_content) {
  const auto outcome = relay({chunk("one") + in_band_error});
  EXPECT_EQ(outcome.how, attempt_outcome::ending::failed) << "another candidate can still serve";
  EXPECT_FALSE(sink.opened);
  EXPECT_EQ(sink.text, "");
}

TEST_F(stream_relay, good_stream_arrives_whole) {
  const auto finish = std::string(
      "data: "
      "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,"
      "\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n");
  const auto outcome = relay({chunk("one"), chunk("two") + finish + "data: [DONE]\n\n"});
  EXPECT_EQ(outcome.how, attempt_outcome::ending::streamed);
  EXPECT_EQ(sink.text, chunk("one") + chunk("two") + finish);
}

TEST_F(stream_relay, sound_goes_out_as_it_came_under_its_own_type) {
  const voices dialect;
  speaks = &dialect;
  const auto outcome = relay({"ID3", std::string("\0\r\n", 3)});
  EXPECT_EQ(outcome.how, attempt_outcome::ending::streamed) << (outcome.why ? outcome.why->message : "");
  EXPECT_EQ(sink.content_type, "audio/mpeg");
  EXPECT_EQ(sink.text, std::string("ID3\0\r\n", 6));
}

TEST_F(stream_relay, sound_never_follows_a_promise_of_events) {
  const voices dialect;
  speaks = &dialect;
  progress.opened = true;  // with a keep-alive, while another candidate was asked
  const auto outcome = relay({"ID3"});
  EXPECT_EQ(outcome.how, attempt_outcome::ending::failed);
  EXPECT_EQ(sink.text, "");
}

TEST_F(stream_relay, broken_sound_is_a_failed_stream) {
  const voices dialect;
  speaks = &dialect;
  const auto outcome = relay({"ID3", "broken"});
  EXPECT_EQ(outcome.how, attempt_outcome::ending::stream_failed);
}

}  // namespace
}  // namespace spidergate::engine
