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
  relay(attempt_setting& in, const conversation& with, upstream::call& call, attempt_outcome& outcome)
      : in_(in),
        with_(with),
        call_(call),
        outcome_(outcome),
        decoder_(with.speaks.open_stream(with.about, call.head().find("content-type"))),
        facts_(decoder_->facts()),
        may_drain_(with.who.disconnect == catalogue::on_disconnect::drain) {
    head_at_ = last_content_ = now();
    if (!in_.stream.opened) in_.stream.last_sent = head_at_;
  }

  awaitable<void> run() {
    const runtime::stop_signal::on_stop interrupt(in_.what.stop, [this] { on_stop(); });
    while (true) {
      auto piece = co_await call_.read_some(next_wake());
      if (!piece) {
        if (piece.error() == upstream::errc::read_timeout && !clock_ran_out()) {
          if (!co_await keep_alive()) co_return end(ending::client_gone);
          continue;
        }
        co_return broken(piece.error());
      }
      const bool at_end = piece->empty();
      const bool understood = at_end ? decoder_->end(pending_) : decoder_->feed(*piece, pending_);
      note_progress();
      if (auto why = fault(understood, at_end)) {
        co_await broken_off(std::move(why));
        co_return;
      }
      if (has_to_pass_on()) {
        const auto sent = co_await send_on();
        if (!goes_on(sent)) co_return end(ending::client_gone);
      }
      if (at_end || facts_.done) break;
    }
    co_await complete();
  }

 private:
  using ending = attempt_outcome::ending;

  [[nodiscard]] steady_time now() const { return in_.home.time().steady_now(); }

  [[nodiscard]] steady_time content_clock() const {
    return facts_.content_seen ? last_content_ + in_.clocks.stream_idle_timeout
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
    if (facts_.content_bytes == seen_bytes_ && !(facts_.content_seen && !outcome_.first_content_at)) return;
    seen_bytes_ = facts_.content_bytes;
    last_content_ = now();
    if (!outcome_.first_content_at) outcome_.first_content_at = last_content_;
  }

  /// What is wrong after this piece, if anything.
  [[nodiscard]] owned_failure fault(bool understood, bool at_end) const {
    if (facts_.error) return from_provider(*facts_.error);
    if (!understood)
      return unparsable(at_end ? "the stream ended before it was complete"
                               : "the provider's stream is not of its dialect");
    if ((at_end || facts_.done) && !facts_.content_seen && !facts_.finished)
      return unparsable("the stream ended without an answer");
    if (!facts_.content_seen && pending_.size() > in_.clocks.max_uncommitted_bytes)
      return unparsable("too much came before the first content");
    // A keep-alive of an earlier attempt has promised events.
    if (in_.stream.opened && !in_.stream.committed && !fillable())
      return unparsable("the provider answered a stream of events with other bytes");
    return nullptr;
  }

  /// Whether there is something for the client that may be sent now; what nobody waits for any more is dropped.
  [[nodiscard]] bool has_to_pass_on() {
    if (!facts_.content_seen && !facts_.finished) return false;
    if (client_gone_) pending_.clear();
    return !pending_.empty();
  }

  /// Sends it; goes_on() says what that came to.
  awaitable<result<void>> send_on() {
    open(false);
    in_.stream.committed = true;
    return in_.what.sink->write(pending_);
  }

  /// False when the client has gone, and there is nothing to read on for.
  bool goes_on(const result<void>& sent) {
    pending_.clear();
    in_.stream.last_sent = now();
    if (sent) return true;
    in_.what.stop.stop(runtime::stop_signal::reason::client_gone);
    client_gone_ = true;
    return may_drain_;
  }

  /// The last that is sent, if there is any. False when the client has gone.
  awaitable<bool> pass_on() {
    if (!has_to_pass_on()) co_return true;
    const auto sent = co_await send_on();
    co_return goes_on(sent);
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
    in_.what.sink->open({.provider = with_.who.id,
                         .model = std::string(with_.about.model),
                         .fallback_from = in_.fallback_from,
                         .attempts = in_.attempts,
                         .dropped_params = outcome_.dropped_params,
                         .content_type = std::string(decoder_->content_type()),
                         .early = early});
  }

  void end(ending how) {
    outcome_.how = how;
    outcome_.usage = facts_.usage;
    outcome_.content_bytes = facts_.content_bytes;
  }

  /// Content that came in the same read as the fault is the client's, once there is no other candidate to take over.
  /// Not inlined, like complete(): run() would have room for their frames all the time.
  [[gnu::noinline]] awaitable<void> broken_off(owned_failure why) {
    if (in_.stream.committed && !co_await pass_on()) co_return end(ending::client_gone);
    fail(std::move(why));
  }

  void fail(owned_failure why) {
    outcome_.why = std::move(why);
    end(client_gone_ ? ending::client_gone : in_.stream.committed ? ending::stream_failed : ending::failed);
  }

  void broken(error_code code) {
    if (now() >= in_.what.deadline) in_.what.stop.stop(runtime::stop_signal::reason::deadline);
    if (in_.what.stop.why() == runtime::stop_signal::reason::client_gone) return end(ending::client_gone);
    auto why = from_transport(code, now() >= in_.what.deadline ? "total"
                                    : facts_.content_seen      ? "stream_idle"
                                                               : "first_content");
    if (in_.what.stop.stopped()) why->next = next_step::stop;
    fail(std::move(why));
  }

  [[gnu::noinline]] awaitable<void> complete() {
    // The decoder may still hold frames that only the end sets free, such as the usage chunk the client asked for.
    if (facts_.done && !decoder_->end(pending_)) {
      co_await broken_off(unparsable("the stream ended before it was complete"));
      co_return;
    }
    if (!co_await pass_on()) co_return end(ending::client_gone);
    if (!client_gone_) co_return end(ending::streamed);
    // Nobody waits any more: the end of the body is read here, so that the provider sees a whole exchange.
    (void)co_await call_.read_some(now() + end_patience);
    end(ending::client_gone);
  }

  attempt_setting& in_;
  const conversation& with_;
  upstream::call& call_;
  attempt_outcome& outcome_;
  std::unique_ptr<providers::stream_decoder> decoder_;
  const providers::stream_facts& facts_;
  bool may_drain_;
  bool client_gone_ = false;
  std::string pending_;
  std::int64_t seen_bytes_ = 0;
  steady_time head_at_;
  steady_time last_content_;
};

}  // namespace

awaitable<void> relay_stream(attempt_setting& in, const conversation& with, std::unique_ptr<upstream::call> call,
                             attempt_outcome& outcome) {
  relay one(in, with, *call, outcome);
  co_await one.run();
  if (outcome.how == attempt_outcome::ending::streamed) outcome.remainder = std::move(call);
}

}  // namespace spidergate::engine
