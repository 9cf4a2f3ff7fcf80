#include "stream_relay.hpp"

#include <spidergate/http/sse.hpp>
#include <spidergate/runtime/worker.hpp>

#include <algorithm>
#include <utility>

namespace spidergate::engine {

namespace {

constexpr std::chrono::milliseconds end_patience{50};

/// The state of one relay: what is held back, which clock runs, whether the client is still there.
class relay {
 public:
  relay(attempt_setting& in, const catalogue::provider& who, std::unique_ptr<providers::stream_decoder> decoder,
        upstream::call& call)
      : in_(in),
        decoder_(std::move(decoder)),
        call_(call),
        may_drain_(who.disconnect == catalogue::on_disconnect::drain) {
    head_at_ = last_content_ = now();
    if (!in_.stream.opened) in_.stream.last_sent = head_at_;
  }

  awaitable<attempt_outcome> run() {
    const runtime::stop_signal::on_stop interrupt(in_.what.stop, [this] { on_stop(); });
    while (true) {
      auto piece = co_await call_.read_some(next_wake());
      if (!piece) {
        if (piece.error() == upstream::errc::read_timeout && !clock_ran_out()) {
          if (!co_await keep_alive()) co_return ended(attempt_outcome::ending::client_gone);
          continue;
        }
        co_return broken(piece.error());
      }
      const bool at_end = piece->empty();
      const bool understood = at_end ? decoder_->end(pending_) : decoder_->feed(*piece, pending_);
      note_progress();
      if (auto why = fault(understood, at_end)) co_return co_await broken_off(std::move(*why));
      if (!co_await pass_on()) co_return ended(attempt_outcome::ending::client_gone);
      if (at_end || decoder_->facts().done) break;
    }
    co_return co_await complete();
  }

 private:
  [[nodiscard]] steady_time now() const { return in_.home.time().steady_now(); }

  [[nodiscard]] steady_time content_clock() const {
    return decoder_->facts().content_seen ? last_content_ + in_.clocks.stream_idle_timeout
                                          : head_at_ + in_.clocks.first_content_timeout;
  }

  [[nodiscard]] steady_time next_wake() const {
    auto wake = std::min(in_.what.deadline, content_clock());
    if (!client_gone_ && fillable()) wake = std::min(wake, in_.stream.last_sent + in_.clocks.stream_keep_alive);
    return wake;
  }

  /// Whether silence can be filled: with comments between events, and with nothing in other bytes.
  [[nodiscard]] bool fillable() const { return decoder_->content_type().empty(); }

  [[nodiscard]] bool clock_ran_out() const { return now() >= std::min(in_.what.deadline, content_clock()); }

  void on_stop() {
    // A provider set to `drain` is read to its end after the client has left, for the exact usage; its own clocks still
    // bound that.
    if (may_drain_ && in_.what.stop.why() == runtime::stop_signal::reason::client_gone) {
      client_gone_ = true;
      return;
    }
    call_.cancel();
  }

  void note_progress() {
    const auto& facts = decoder_->facts();
    if (facts.content_bytes == seen_bytes_ && !(facts.content_seen && !first_content_at_)) return;
    seen_bytes_ = facts.content_bytes;
    last_content_ = now();
    if (!first_content_at_) first_content_at_ = last_content_;
  }

  /// What is wrong after this piece, if anything.
  [[nodiscard]] std::optional<failure> fault(bool understood, bool at_end) const {
    const auto& facts = decoder_->facts();
    if (facts.error) return from_provider(*facts.error);
    if (!understood)
      return unparsable(at_end ? "the stream ended before it was complete"
                               : "the provider's stream is not of its dialect");
    if ((at_end || facts.done) && !facts.content_seen && !facts.finished)
      return unparsable("the stream ended without an answer");
    if (!facts.content_seen && pending_.size() > in_.clocks.max_uncommitted_bytes)
      return unparsable("too much came before the first content");
    // A keep-alive of an earlier attempt has promised events.
    if (in_.stream.opened && !in_.stream.committed && !fillable())
      return unparsable("the provider answered a stream of events with other bytes");
    return std::nullopt;
  }

  /// Sends what may be sent now. False when the client has gone.
  awaitable<bool> pass_on() {
    const auto& facts = decoder_->facts();
    if (!facts.content_seen && !facts.finished) co_return true;
    if (pending_.empty()) co_return true;
    if (client_gone_) {
      pending_.clear();
      co_return true;
    }
    open(false);
    in_.stream.committed = true;
    const auto sent = co_await in_.what.sink->write(pending_);
    pending_.clear();
    in_.stream.last_sent = now();
    if (sent) co_return true;
    in_.what.stop.stop(runtime::stop_signal::reason::client_gone);
    client_gone_ = true;
    co_return may_drain_;
  }

  awaitable<bool> keep_alive() {
    if (client_gone_) co_return true;
    open(true);
    const auto sent = co_await in_.what.sink->write(http::sse_keep_alive);
    in_.stream.last_sent = now();
    if (!sent) in_.what.stop.stop(runtime::stop_signal::reason::client_gone);
    co_return sent.has_value();
  }

  void open(bool early) {
    if (in_.stream.opened) return;
    in_.stream.opened = true;
    in_.head.early = early;
    in_.head.content_type = decoder_->content_type();
    in_.what.sink->open(in_.head);
  }

  attempt_outcome ended(attempt_outcome::ending how) {
    attempt_outcome outcome;
    outcome.how = how;
    outcome.usage = decoder_->facts().usage;
    outcome.content_bytes = decoder_->facts().content_bytes;
    outcome.first_content_at = first_content_at_;
    return outcome;
  }

  /// Content that came in the same read as the fault is the client's, once there is no other candidate to take over.
  awaitable<attempt_outcome> broken_off(failure why) {
    if (in_.stream.committed && !co_await pass_on()) co_return ended(attempt_outcome::ending::client_gone);
    co_return failed_with(std::move(why));
  }

  attempt_outcome failed_with(failure why) {
    auto outcome =
        ended(in_.stream.committed ? attempt_outcome::ending::stream_failed : attempt_outcome::ending::failed);
    if (client_gone_) outcome.how = attempt_outcome::ending::client_gone;
    outcome.why = std::move(why);
    return outcome;
  }

  attempt_outcome broken(error_code code) {
    if (now() >= in_.what.deadline) in_.what.stop.stop(runtime::stop_signal::reason::deadline);
    if (in_.what.stop.why() == runtime::stop_signal::reason::client_gone)
      return ended(attempt_outcome::ending::client_gone);
    auto why = from_transport(code, now() >= in_.what.deadline       ? "total"
                                    : decoder_->facts().content_seen ? "stream_idle"
                                                                     : "first_content");
    if (in_.what.stop.stopped()) why.next = next_step::stop;
    return failed_with(std::move(why));
  }

  awaitable<attempt_outcome> complete() {
    // The decoder may still hold frames that only the end sets free, such as the usage chunk the client asked for.
    if (decoder_->facts().done && !decoder_->end(pending_))
      co_return co_await broken_off(unparsable("the stream ended before it was complete"));
    if (!co_await pass_on()) co_return ended(attempt_outcome::ending::client_gone);
    if (!client_gone_) co_return ended(attempt_outcome::ending::streamed);
    // Nobody waits any more: the end of the body is read here, so that the provider sees a whole exchange.
    (void)co_await call_.read_some(now() + end_patience);
    co_return ended(attempt_outcome::ending::client_gone);
  }

  attempt_setting& in_;
  std::unique_ptr<providers::stream_decoder> decoder_;
  upstream::call& call_;
  bool may_drain_;
  bool client_gone_ = false;
  std::string pending_;
  std::int64_t seen_bytes_ = 0;
  steady_time head_at_;
  steady_time last_content_;
  std::optional<steady_time> first_content_at_;
};

}  // namespace

awaitable<attempt_outcome> relay_stream(attempt_setting& in, const conversation& with,
                                        std::unique_ptr<upstream::call> call) {
  relay one(in, with.who, with.speaks.open_stream(with.about, call->head().find("content-type")), *call);
  auto outcome = co_await one.run();
  if (outcome.how == attempt_outcome::ending::streamed) outcome.remainder = std::move(call);
  co_return outcome;
}

}  // namespace spidergate::engine
