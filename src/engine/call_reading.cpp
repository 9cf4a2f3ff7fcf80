#include "call_reading.hpp"

#include "backoff.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/runtime/worker.hpp>

#include <algorithm>
#include <utility>

namespace spidergate::engine {

namespace {

constexpr std::size_t simdjson_padding = 64;

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

bool begins_an_object(std::string_view bytes) {
  const auto first = bytes.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos || bytes[first] == '{';
}

/// The events that say the same as a whole answer in OpenAI's form.
std::optional<std::string> events_of(const providers::client_answer& answer) {
  std::string text;
  std::size_t size = simdjson_padding;
  for (const auto piece : answer.body) size += piece.size();
  text.reserve(size);
  for (const auto piece : answer.body) text.append(piece);
  return providers::whole_answer_as_events(text);
}

}  // namespace

owned_failure transport_failure(const attempt_setting& in, error_code code, std::string_view clock) {
  if (in.home.time().steady_now() >= in.what.deadline) in.what.stop.stop(runtime::stop_signal::reason::deadline);
  auto why = from_transport(code, clock);
  if (in.what.stop.stopped()) why->next = next_step::stop;
  return why;
}

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

void take_refusal(const attempt_setting& in, const conversation& with, const upstream::response_head& head,
                  const result<void>& read, attempt_outcome& outcome) {
  // An error without a readable body is still an error: its status says enough.
  if (!read) outcome.bytes.clear();
  auto said = with.speaks.decode_error(head.status, head.fields, outcome.bytes);
  // Dialects have no clock, so a date is read here.
  if (const auto wait = wait_until_date(head.find("retry-after"), in.home.time().epoch_now())) said.retry_after = wait;
  outcome.fail(from_provider(said));
  outcome.status = head.status;
  if (in.what.stop.stopped()) outcome.why->next = next_step::stop;
}

next_question take_answer(const attempt_setting& in, const conversation& with, const upstream::response_head& head,
                          const result<void>& read, attempt_outcome& outcome) {
  if (!read) {
    outcome.fail(read.error() == boost::system::errc::message_size
                     ? unparsable("the provider's answer is larger than this gateway accepts")
                     : transport_failure(in, read.error(), "stream_idle"));
    return nullptr;
  }
  auto decoded = with.speaks.decode(with.about, head.find("content-type"), outcome.bytes);
  if (!decoded) {
    outcome.fail(from_provider(decoded.error()));
    return nullptr;
  }
  if (auto* next = std::get_if<providers::follow_up>(&*decoded))
    return std::make_unique<providers::follow_up>(std::move(*next));
  outcome.how = attempt_outcome::ending::answered;
  outcome.answer = std::move(std::get<providers::client_answer>(*decoded));
  outcome.usage = std::move(outcome.answer.facts.usage);
  outcome.content_bytes = outcome.answer.facts.text_bytes.value_or(0);
  return nullptr;
}

bool is_json(std::string_view content_type) {
  return to_lower(content_type).find("application/json") != std::string::npos;
}

awaitable<next_question> read_labelled_json(attempt_setting& in, const conversation& with,
                                            std::unique_ptr<upstream::call> call, attempt_outcome& outcome) {
  next_question next;
  bool is_whole = false;
  {
    const runtime::stop_signal::on_stop interrupt(in.what.stop, [&call] { call->cancel(); });
    const auto patience = in.home.time().steady_now() + in.clocks.first_content_timeout;
    const auto first = co_await call->read_some(std::min(in.what.deadline, patience));
    if (!first) {
      outcome.fail(transport_failure(in, first.error(), "first_content"));
      co_return nullptr;
    }
    outcome.bytes = *first;
    is_whole = begins_an_object(outcome.bytes);
    if (is_whole) {
      const auto read = co_await read_whole(in, *call, outcome.bytes, in.clocks.max_answer_bytes);
      next = take_answer(in, with, call->head(), read, outcome);
    }
  }
  if (!is_whole) {
    co_await relay_stream(in, with, std::make_unique<prefixed_call>(std::move(outcome.bytes), std::move(call)),
                          outcome);
    co_return nullptr;
  }
  if (next != nullptr || outcome.how != attempt_outcome::ending::answered) co_return next;
  using model::endpoint;
  const auto kind = in.what.asked.kind;
  const bool has_chunks = kind == endpoint::chat || kind == endpoint::completions;
  if (!has_chunks && !in.stream.opened) co_return nullptr;
  auto events = has_chunks ? events_of(outcome.answer) : std::nullopt;
  if (!events) {
    outcome.fail(unparsable("the provider answered a stream with something else"));
    co_return nullptr;
  }
  auto prefixed = std::make_unique<prefixed_call>(std::move(*events), std::move(call));
  prefixed->end_after_prefix();
  // What was decoded is OpenAI's own by now, whoever answered.
  const auto* own = providers::find_dialect("openai");
  const conversation retold{*own, with.who, with.about};
  co_await relay_stream(in, retold, std::move(prefixed), outcome);
  co_return nullptr;
}

}  // namespace spidergate::engine
