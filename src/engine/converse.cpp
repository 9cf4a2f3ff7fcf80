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

std::string authority_of(const upstream::origin& where) {
  const auto text = where.to_string();
  return text.substr(text.find("://") + 3);
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
  exchange(attempt_setting& in, const partner& with, const providers::wire_request& first)
      : in_(in),
        with_(with),
        first_(first),
        memo_(first.memo),
        talk_{with.speaks,
              *with.who.provider,
              {.asked = in.what.asked,
               .provider = with.spoken,
               .model = with.who.model,
               .entry = with.who.entry,
               .memo = {},
               .request_id = in.what.request_id,
               .now = in.home.time().epoch_now()}} {}

  awaitable<attempt_outcome> run() {
    auto step = co_await call(first_.method, first_.target, first_.content_type, first_.body);
    for (int asked = 0; std::holds_alternative<providers::follow_up>(step); ++asked) {
      const auto next = std::move(std::get<providers::follow_up>(step));
      if (auto why = unreasonable(next, asked)) {
        auto outcome = failed(std::move(*why));
        outcome.request_sent = true;
        co_return outcome;
      }
      step = co_await follow(next);
    }
    co_return std::move(std::get<attempt_outcome>(step));
  }

 private:
  [[nodiscard]] std::optional<failure> unreasonable(const providers::follow_up& next, int asked) {
    uploaded_ += next.body.size();
    if (!is_sound(next)) return unparsable("the provider names something that cannot be asked next");
    if (asked >= most_follow_ups) return unparsable("the provider's job is not done after 200 questions");
    if (uploaded_ > in_.clocks.max_answer_bytes) return unparsable("the provider wants too much to be sent");
    return std::nullopt;
  }

  /// Asks again while that is likely to help: the job goes on at the provider whether or not we hear of it.
  awaitable<whole_reading> follow(const providers::follow_up& next) {
    memo_ = next.memo;
    auto wait = std::clamp<std::chrono::milliseconds>(next.after, std::chrono::milliseconds(0), longest_pause);
    const std::string_view body = next.body;
    for (int failures = 0;; ++failures) {
      if (auto why = co_await waited(wait)) co_return failed(std::move(*why));
      auto step = co_await call(next.method, next.target, next.content_type,
                                body.empty() ? std::span<const std::string_view>() : std::span(&body, 1));
      const auto* outcome = std::get_if<attempt_outcome>(&step);
      const bool again = outcome != nullptr && outcome->how == attempt_outcome::ending::failed &&
                         next.method == "GET" && failures < most_failed_polls && is_passing(outcome->why) &&
                         !in_.what.stop.stopped();
      if (!again) co_return step;
      wait = std::clamp(outcome->why.retry_after.value_or(pause_after_failure), wait, longest_pause);
    }
  }

  awaitable<std::optional<failure>> waited(std::chrono::milliseconds how_long) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(in_.what.deadline - in_.home.time().steady_now());
    co_await pause(in_.home, std::min(how_long, std::max(left, std::chrono::milliseconds(0))), in_.what.stop);
    if (how_long < left && !in_.what.stop.stopped()) co_return std::nullopt;
    // There was no time to wait it out, so none is left for asking again.
    in_.what.stop.stop(runtime::stop_signal::reason::deadline);
    co_return transport_failure(in_, upstream::errc::read_timeout, "total");
  }

  /// One request and its answer.
  awaitable<whole_reading> call(std::string_view method, const std::string& target, std::string_view content_type,
                                std::span<const std::string_view> body) {
    talk_.about.memo = memo_;
    std::string headers;
    headers.reserve(first_.headers.size() + content_type.size() + 32);  // never moved: it holds the credential
    const wiped at_the_end(headers);
    headers.append(first_.headers);
    if (!content_type.empty()) headers.append("content-type: ").append(content_type).append("\r\n");

    auto started = co_await start({.method = method, .target = target, .headers = headers, .body = body});
    if (!started) {
      auto outcome = failed(transport_failure(in_, started.error(), {}));
      // Interrupted on the way: the provider may have begun to work on the prompt, so it is accounted, as an estimate.
      outcome.request_sent = sent_ || started.error() == upstream::errc::cancelled;
      co_return outcome;
    }
    sent_ = true;
    const auto status = (*started)->head().status;
    auto step = co_await read(std::move(*started));
    if (auto* outcome = std::get_if<attempt_outcome>(&step)) {
      outcome->request_sent = true;
      if (outcome->status == 0) outcome->status = status;
    }
    co_return step;
  }

  awaitable<result<std::unique_ptr<upstream::call>>> start(upstream::request what) {
    upstream::client::canceller starting;
    const runtime::stop_signal::on_stop interrupt(in_.what.stop, [&starting] { starting.cancel(); });
    if (in_.what.stop.stopped()) co_return make_error_code(upstream::errc::cancelled);
    co_return co_await in_.providers.start(with_.to.where, what, clocks_of(in_), starting);
  }

  awaitable<whole_reading> read(std::unique_ptr<upstream::call> answer) {
    const auto& head = answer->head();
    const bool good = head.status >= 200 && head.status < 300;
    if (in_.what.asked.stream && good) {
      if (is_json(head.find("content-type"))) co_return co_await read_labelled_json(in_, talk_, std::move(answer));
      co_return co_await relay_stream(in_, talk_, std::move(answer));
    }
    const runtime::stop_signal::on_stop interrupt(in_.what.stop, [&answer] { answer->cancel(); });
    if (!good) co_return co_await read_refusal(in_, with_.speaks, *answer);
    co_return co_await read_answer(in_, talk_, *answer);
  }

  attempt_setting& in_;
  const partner& with_;
  const providers::wire_request& first_;
  std::string memo_;
  conversation talk_;
  std::size_t uploaded_ = 0;
  bool sent_ = false;
};

}  // namespace

awaitable<attempt_outcome> converse(attempt_setting& in, const partner& with, std::vector<std::string>& dropped) {
  const auto authority = authority_of(with.to.where);
  auto encoded = with.speaks.encode({.asked = in.what.asked,
                                     .provider = with.spoken,
                                     .base_path = with.to.base_path,
                                     .model = with.who.model,
                                     .secret = with.secret,
                                     .forwarded_headers = in.what.forwarded_headers,
                                     .clamped_max_tokens = in.what.clamped_max_tokens,
                                     .entry = with.who.entry,
                                     .authority = authority,
                                     .now = in.home.time().epoch_now()});
  if (!encoded) co_return failed(cannot_say(encoded.error()));
  const wiped at_the_end(encoded->headers);
  dropped = std::move(encoded->dropped_params);
  if (in.what.asked.options.strict_params && !dropped.empty()) co_return failed(would_drop(with.who.name(), dropped));
  in.head.dropped_params = dropped;
  exchange one(in, with, *encoded);
  co_return co_await one.run();
}

}  // namespace spidergate::engine
