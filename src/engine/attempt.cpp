#include "attempt.hpp"

#include "backoff.hpp"
#include "credential.hpp"
#include "stream_relay.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/runtime/worker.hpp>
#include <spidergate/vault/credentials.hpp>

#include <algorithm>
#include <utility>

namespace spidergate::engine {

namespace {

constexpr std::size_t simdjson_padding = 64;
constexpr std::size_t max_error_bytes = 65'536;

attempt_outcome failed(failure why) {
  attempt_outcome outcome;
  outcome.status = why.status;
  outcome.why = std::move(why);
  return outcome;
}

failure misplaced_credential() {
  failure f;
  f.next = next_step::other_key;
  f.label = "key not usable";
  f.message = "the credential is bound to another origin, or a setting that the provider's base URL needs is missing";
  return f;
}

/// The dialect or the provider has no way to say what is asked: somebody else may.
failure cannot_say(const providers::refusal& why) {
  failure f;
  f.next = next_step::other_candidate;
  f.label = "unsupported";
  f.message = why.message;
  f.to_client = model::make_error(model::api_errc::unsupported_by_model, why.message, why.param);
  return f;
}

upstream::clocks clocks_of(const attempt_setting& in) {
  return {.connect = in.clocks.connect_timeout,
          .tls = in.clocks.tls_timeout,
          .head = in.clocks.first_byte_timeout,
          .total = in.what.deadline};
}

/// Reads the rest of a body into `bytes`, up to `limit`.
awaitable<result<void>> read_whole(attempt_setting& in, upstream::call& call, std::string& bytes, std::size_t limit) {
  const auto& length = call.head().content_length;
  bytes.reserve(std::min<std::size_t>(length.value_or(4096), 1U << 20U) + simdjson_padding);
  while (true) {
    const auto idle = in.home.time().steady_now() + in.clocks.stream_idle_timeout;
    auto piece = co_await call.read_some(std::min(in.what.deadline, idle));
    if (!piece) co_return piece.error();
    if (piece->empty()) break;
    if (bytes.size() + piece->size() > limit) co_return make_error_code(boost::system::errc::message_size);
    bytes.append(*piece);
  }
  bytes.reserve(bytes.size() + simdjson_padding);
  co_return result<void>{};
}

/// What a connection's failure means now: a stop wins over whatever it caused.
failure transport_failure(const attempt_setting& in, error_code code, std::string_view clock) {
  if (in.home.time().steady_now() >= in.what.deadline) in.what.stop.stop(runtime::stop_signal::reason::deadline);
  auto why = from_transport(code, clock);
  if (in.what.stop.stopped()) why.next = next_step::stop;
  return why;
}

awaitable<attempt_outcome> refused(attempt_setting& in, const providers::dialect& speaks, upstream::call& call) {
  const auto& head = call.head();
  std::string body;
  // An error without a readable body is still an error: its status says enough.
  if (const auto read = co_await read_whole(in, call, body, max_error_bytes); !read) body.clear();
  auto said = speaks.decode_error(head.status, head.fields, body);
  // Dialects have no clock, so a date is read here.
  if (const auto wait = wait_until_date(head.find("retry-after"), in.home.time().epoch_now())) said.retry_after = wait;
  auto outcome = failed(from_provider(said));
  outcome.status = head.status;
  if (in.what.stop.stopped()) outcome.why.next = next_step::stop;
  co_return outcome;
}

awaitable<attempt_outcome> whole_answer(attempt_setting& in, const conversation& with, upstream::call& call,
                                        std::string begin = {}) {
  attempt_outcome outcome;
  outcome.bytes = std::move(begin);
  const auto read = co_await read_whole(in, call, outcome.bytes, in.clocks.max_answer_bytes);
  if (!read && read.error() == boost::system::errc::message_size)
    co_return failed(unparsable("the provider's answer is larger than this gateway accepts"));
  if (!read) co_return failed(transport_failure(in, read.error(), "stream_idle"));
  auto decoded = with.speaks.decode(with.about, call.head().find("content-type"), outcome.bytes);
  if (!decoded) co_return failed(from_provider(decoded.error()));
  auto* answer = std::get_if<providers::client_answer>(&*decoded);
  if (answer == nullptr) co_return failed(unparsable("the provider's answer is not final"));
  outcome.how = attempt_outcome::ending::answered;
  outcome.answer = std::move(*answer);
  outcome.usage = outcome.answer.facts.usage;
  outcome.content_bytes = outcome.answer.facts.text_bytes.value_or(0);
  co_return outcome;
}

bool is_json(std::string_view content_type) {
  return to_lower(content_type).find("application/json") != std::string::npos;
}

/// Bytes that have been read already, then the rest of the call they came from, if there is more.
class prefixed_call final : public upstream::call {
 public:
  prefixed_call(std::string prefix, std::unique_ptr<upstream::call> rest)
      : prefix_(std::move(prefix)), unread_(prefix_), rest_(std::move(rest)) {}
  [[nodiscard]] const upstream::response_head& head() const noexcept override { return rest_->head(); }
  awaitable<result<std::string_view>> read_some(steady_time deadline) override {
    if (!unread_.empty()) co_return std::exchange(unread_, {});
    if (ended_) co_return std::string_view{};
    co_return co_await rest_->read_some(deadline);
  }
  void cancel() noexcept override { rest_->cancel(); }
  [[nodiscard]] bool reused_connection() const noexcept override { return rest_->reused_connection(); }
  /// The prefix is all there is.
  void end_after_prefix() noexcept { ended_ = true; }

 private:
  std::string prefix_;
  std::string_view unread_;
  std::unique_ptr<upstream::call> rest_;
  bool ended_ = false;
};

/// A stream that is labelled as JSON: either one whole answer, which the client gets as a stream of one event, or a
/// stream with the wrong label.
awaitable<attempt_outcome> relay_labelled_json(attempt_setting& in, const conversation& with,
                                               std::unique_ptr<upstream::call> call) {
  std::string begin;
  bool whole = false;
  {
    const runtime::stop_signal::on_stop interrupt(in.what.stop, [&call] { call->cancel(); });
    const auto patience = in.home.time().steady_now() + in.clocks.first_content_timeout;
    const auto first = co_await call->read_some(std::min(in.what.deadline, patience));
    if (!first) co_return failed(transport_failure(in, first.error(), "first_content"));
    begin = *first;
    whole =
        begin.empty() ||
        begin[begin.find_first_not_of(" \t\r\n") == std::string::npos ? 0 : begin.find_first_not_of(" \t\r\n")] == '{';
    if (whole) {
      auto outcome = co_await whole_answer(in, with, *call, std::move(begin));
      if (outcome.how != attempt_outcome::ending::answered) co_return outcome;
      auto events = providers::whole_answer_as_events(outcome.bytes);
      if (!events) co_return failed(unparsable("the provider answered a stream with something else"));
      begin = std::move(*events);
    }
  }
  auto prefixed = std::make_unique<prefixed_call>(std::move(begin), std::move(call));
  if (whole) prefixed->end_after_prefix();
  co_return co_await relay_stream(in, with, std::move(prefixed));
}

awaitable<attempt_outcome> converse(attempt_setting& in, const router::candidate& who, const providers::dialect& speaks,
                                    const destination& to, const providers::credential& secret,
                                    std::vector<std::string>& dropped) {
  auto encoded = speaks.encode({.asked = in.what.asked,
                                .provider = *who.provider,
                                .base_path = to.base_path,
                                .model = who.model,
                                .secret = secret,
                                .forwarded_headers = in.what.forwarded_headers,
                                .clamped_max_tokens = in.what.clamped_max_tokens,
                                .entry = who.entry,
                                .now = in.home.time().epoch_now()});
  if (!encoded) co_return failed(cannot_say(encoded.error()));
  auto& wire = *encoded;
  dropped = std::move(wire.dropped_params);
  if (!wire.content_type.empty()) wire.headers.append("content-type: ").append(wire.content_type).append("\r\n");
  const conversation with{speaks,
                          *who.provider,
                          {.asked = in.what.asked,
                           .provider = *who.provider,
                           .model = who.model,
                           .entry = who.entry,
                           .memo = wire.memo,
                           .request_id = in.what.request_id,
                           .now = in.home.time().epoch_now()}};
  upstream::client::canceller starting;
  result<std::unique_ptr<upstream::call>> started = make_error_code(upstream::errc::cancelled);
  {
    const runtime::stop_signal::on_stop interrupt(in.what.stop, [&starting] { starting.cancel(); });
    if (!in.what.stop.stopped()) {
      const upstream::request sent{
          .method = wire.method, .target = wire.target, .headers = wire.headers, .body = wire.body};
      started = co_await in.providers.start(to.where, sent, clocks_of(in), starting);
    }
  }
  std::fill(wire.headers.begin(), wire.headers.end(), '\0');
  if (!started) {
    auto outcome = failed(transport_failure(in, started.error(), {}));
    // Interrupted on the way: the provider may have begun to work on the prompt, so it is accounted, as an estimate.
    outcome.request_sent = started.error() == upstream::errc::cancelled;
    co_return outcome;
  }

  auto call = std::move(*started);
  const auto status = call->head().status;
  attempt_outcome outcome;
  const bool good = status >= 200 && status < 300;
  if (in.what.asked.stream && good && !is_json(call->head().find("content-type"))) {
    outcome = co_await relay_stream(in, with, std::move(call));
  } else if (in.what.asked.stream && good) {
    outcome = co_await relay_labelled_json(in, with, std::move(call));
  } else {
    const runtime::stop_signal::on_stop interrupt(in.what.stop, [&call] { call->cancel(); });
    outcome = good ? co_await whole_answer(in, with, *call) : co_await refused(in, speaks, *call);
  }
  outcome.request_sent = true;
  if (outcome.status == 0) outcome.status = status;
  co_return outcome;
}

}  // namespace

awaitable<attempt_outcome> make_attempt(attempt_setting& in, const router::candidate& who, const vault::lease& key) {
  const auto* speaks = providers::find_dialect(
      who.entry != nullptr && !who.entry->dialect.empty() ? who.entry->dialect : who.provider->dialect);
  if (speaks == nullptr) {
    auto why = unparsable("this build does not speak the provider's dialect " + who.provider->dialect);
    why.next = next_step::other_candidate;
    why.counts_for_breaker = false;
    co_return failed(std::move(why));
  }
  const auto secret = read_credential(key.credentials.reveal());
  if (!secret) co_return failed(misplaced_credential());
  const auto to = destination_of(*who.provider, key, *secret, in.clocks.allow_private_base_urls);
  if (!to) co_return failed(misplaced_credential());
  std::vector<std::string> dropped;
  auto outcome = co_await converse(in, who, *speaks, *to, *secret, dropped);
  outcome.dropped_params = std::move(dropped);
  // Providers echo keys in their messages; nothing that leaves this attempt may hold one.
  for (auto* text : {&outcome.why.message, &outcome.why.to_client.message}) {
    if (!text->empty()) *text = vault::without_secrets(std::move(*text), key.credentials);
  }
  if (outcome.how == attempt_outcome::ending::failed &&
      in.what.stop.why() == runtime::stop_signal::reason::client_gone) {
    outcome.how = attempt_outcome::ending::client_gone;
  }
  co_return outcome;
}

}  // namespace spidergate::engine
