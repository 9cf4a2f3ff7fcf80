#include "converse.hpp"

#include "backoff.hpp"
#include "call_reading.hpp"

#include <spidergate/runtime/worker.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

namespace spidergate::engine {

namespace {

constexpr int most_follow_ups = 200;
constexpr int most_failed_polls = 3;  // one after the other
constexpr std::chrono::milliseconds longest_pause{30'000};
constexpr std::chrono::milliseconds pause_after_failure{1'000};
constexpr std::size_t longest_target = 8192;
constexpr std::size_t max_error_bytes = 65'536;

/// Texts that hold a credential, wiped whichever way their owner is left.
class wiped {
 public:
  explicit wiped(std::string& text) : text_(text) {}
  ~wiped() { std::fill(text_.begin(), text_.end(), '\0'); }
  wiped(const wiped&) = delete;
  wiped& operator=(const wiped&) = delete;

 private:
  std::string& text_;
};

upstream::clocks clocks_of(const attempt_setting& in) {
  return {.connect = in.clocks.connect_timeout,
          .tls = in.clocks.tls_timeout,
          .head = in.clocks.first_byte_timeout,
          .total = in.what.deadline};
}

bool may_stand_in_a_head(std::string_view text, char lowest) {
  return std::none_of(text.begin(), text.end(), [lowest](char c) {
    return static_cast<unsigned char>(c) < static_cast<unsigned char>(lowest) || c == 0x7F;
  });
}

/// What a follow-up says comes from the provider: nothing of it may reach into the head of the next request.
bool is_sound(const providers::follow_up& next) {
  constexpr std::array<std::string_view, 4> methods{"GET", "POST", "PUT", "DELETE"};
  return std::find(methods.begin(), methods.end(), next.method) != methods.end() && next.target.starts_with('/') &&
         next.target.size() <= longest_target && may_stand_in_a_head(next.target, '!') &&
         may_stand_in_a_head(next.content_type, ' ');
}

/// May pass, so that asking for the same job again is worth it.
bool is_passing(const failure& why) {
  return why.next == next_step::same_candidate || why.rate_limited;
}

/// The state of one exchange.
class exchange {
 public:
  exchange(attempt_setting& in, const partner& with, const providers::wire_request& first, attempt_outcome& outcome)
      : in_(in),
        with_(with),
        first_(first),
        outcome_(outcome),
        memo_(first.memo),
        talk_{with.speaks,
              *with.who.provider,
              {.asked = in.what.asked,
               .provider = with.spoken,
               .model = with.who.model,
               .entry = with.who.entry,
               .memo = {},
               .request_id = in.what.request_id,
               .now = in.begun_at}} {}

  awaitable<void> run() {
    auto next = co_await call(first_.method, first_.target, first_.content_type, first_.body);
    for (int asked = 0; next != nullptr; ++asked) {
      if (auto why = unreasonable(*next, asked)) co_return outcome_.fail(std::move(why));
      const auto current = std::move(next);
      next = co_await follow(*current);
    }
  }

 private:
  [[nodiscard]] owned_failure unreasonable(const providers::follow_up& next, int asked) {
    uploaded_ += next.body.size();
    if (!is_sound(next)) return unparsable("the provider names something that cannot be asked next");
    if (asked >= most_follow_ups) return unparsable("the provider's job is not done after 200 questions");
    if (uploaded_ > in_.clocks.max_answer_bytes) return unparsable("the provider wants too much to be sent");
    return nullptr;
  }

  /// Asks again while that is likely to help: the job goes on at the provider whether or not we hear of it.
  awaitable<next_question> follow(const providers::follow_up& next) {
    memo_ = next.memo;
    auto wait = std::clamp<std::chrono::milliseconds>(next.after, std::chrono::milliseconds(0), longest_pause);
    const std::string_view body = next.body;
    for (int failures = 0;; ++failures) {
      if (!co_await waited(wait)) co_return nullptr;
      auto step = co_await call(next.method, next.target, next.content_type,
                                body.empty() ? std::span<const std::string_view>() : std::span(&body, 1));
      const bool again = step == nullptr && outcome_.how == attempt_outcome::ending::failed && next.method == "GET" &&
                         failures < most_failed_polls && is_passing(*outcome_.why) && !in_.what.stop.stopped();
      if (!again) co_return step;
      wait = std::clamp(outcome_.why->retry_after.value_or(pause_after_failure), wait, longest_pause);
    }
  }

  /// False when there was no time for it, or nobody wants the answer any more.
  awaitable<bool> waited(std::chrono::milliseconds how_long) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(in_.what.deadline - in_.home.time().steady_now());
    co_await pause(in_.home, std::min(how_long, std::max(left, std::chrono::milliseconds(0))), in_.what.stop);
    if (how_long < left && !in_.what.stop.stopped()) co_return true;
    // There was no time to wait it out, so none is left for asking again.
    in_.what.stop.stop(runtime::stop_signal::reason::deadline);
    outcome_.fail(transport_failure(in_, upstream::errc::read_timeout, "total"));
    co_return false;
  }

  /// One request and its answer.
  awaitable<next_question> call(std::string_view method, const std::string& target, std::string_view content_type,
                                std::span<const std::string_view> body) {
    talk_.about.memo = memo_;
    outcome_.why.reset();
    outcome_.status = 0;
    outcome_.bytes.clear();
    upstream::client::canceller starting;
    upstream::call* reading = nullptr;
    const runtime::stop_signal::on_stop interrupt(in_.what.stop, [&starting, &reading] {
      if (reading != nullptr) return reading->cancel();
      starting.cancel();
    });
    const upstream::request question{
        .method = method, .target = target, .headers = first_.headers, .body = body, .content_type = content_type};
    auto started = co_await in_.providers.start(with_.to.where, question, clocks_of(in_), starting);
    if (!started) {
      outcome_.fail(transport_failure(in_, started.error(), {}));
      // Interrupted on the way: the provider may have begun to work on the prompt, so it is accounted, as an estimate.
      outcome_.request_sent = outcome_.request_sent || started.error() == upstream::errc::cancelled;
      co_return nullptr;
    }
    outcome_.request_sent = true;
    auto& answer = **started;
    const auto status = answer.head().status;
    const bool good = status >= 200 && status < 300;
    next_question next;
    if (!good || !in_.what.asked.stream) {
      reading = &answer;
      const auto most_bytes = good ? in_.clocks.max_answer_bytes : max_error_bytes;
      const auto read = co_await read_whole(in_, answer, outcome_.bytes, most_bytes);
      if (good)
        next = take_answer(in_, talk_, answer.head(), read, outcome_);
      else
        take_refusal(in_, talk_, answer.head(), read, outcome_);
    } else if (is_json(answer.head().find("content-type"))) {
      next = co_await read_labelled_json(in_, talk_, std::move(*started), outcome_);
    } else {
      co_await relay_stream(in_, talk_, std::move(*started), outcome_);
    }
    if (outcome_.status == 0) outcome_.status = status;
    co_return next;
  }

  attempt_setting& in_;
  const partner& with_;
  const providers::wire_request& first_;
  attempt_outcome& outcome_;
  std::string memo_;
  conversation talk_;
  std::size_t uploaded_ = 0;
};

}  // namespace

awaitable<void> converse(attempt_setting& in, const partner& with, attempt_outcome& outcome) {
  auto encoded = with.speaks.encode({.asked = in.what.asked,
                                     .provider = with.spoken,
                                     .base_path = with.to.base_path,
                                     .model = with.who.model,
                                     .secret = with.secret,
                                     .forwarded_headers = in.what.forwarded_headers,
                                     .clamped_max_tokens = in.what.clamped_max_tokens,
                                     .entry = with.who.entry,
                                     .authority = with.to.authority,
                                     .now = in.begun_at});
  if (!encoded) co_return outcome.fail(cannot_say(encoded.error()));
  const wiped at_the_end(encoded->headers);
  outcome.dropped_params = std::move(encoded->dropped_params);
  if (in.what.asked.options.strict_params && !outcome.dropped_params.empty())
    co_return outcome.fail(would_drop(with.who.name(), outcome.dropped_params));
  exchange one(in, with, *encoded, outcome);
  co_await one.run();
}

}  // namespace spidergate::engine
