#pragma once
#include "event_pattern.hpp"

#include <spidergate/providers/dialect.hpp>
#include <spidergate/providers/sse_framer.hpp>

#include <string>
#include <string_view>

namespace spidergate::providers {

/// What decoders of server-sent events share: cutting the bytes into events, what is no stream at all, and what a cut
/// leaves over at the end. A decoder says what an event means, and where its facts are kept. Events that repeat the one
/// before them but for their text are dealt with here (event_pattern), where the decoder says that this may be. Owned
/// by one stream.
class event_decoder : public stream_decoder {
 public:
  [[nodiscard]] bool feed(std::string_view bytes, std::string& out) final;
  [[nodiscard]] bool end(std::string& out) final;

 protected:
  /// Whether the first byte is looked at: a page of HTML or an answer in JSON has no events, and its lines would just
  /// be skipped.
  enum class first_byte : bool { any, of_events };
  explicit event_decoder(first_byte rule) : sniffed_(rule == first_byte::any) {}

  /// One event, not empty. False when its bytes are not the dialect's: see fail().
  [[nodiscard]] virtual bool on_event(const sse_event& event, std::string& out) = 0;
  /// The bytes have ended, and nothing was wrong with them: what stream_decoder::end() says.
  [[nodiscard]] virtual bool on_end(std::string& out) = 0;
  /// For on_event(): the event that is at hand has changed nothing but the facts about what was produced. Should it
  /// come again with another text, it would be written in the same way, with that text in place of its own: then
  /// on_text() is told instead of on_event(). Both are places in the event's data; where they are written is counted
  /// from the first byte written for this event.
  void may_repeat(event_pattern::varying text, event_pattern::padding noise = {}) noexcept {
    text_ = text, noise_ = noise;
  }
  /// The last event has come again with this text, the inside of a string, and has been written.
  virtual void on_text(std::string_view /*text_json*/, bool /*escaped*/, std::string& /*out*/) {}
  /// Keeps it as facts().error.
  virtual void set_error(provider_error error) = 0;

  /// The bytes make no sense: nothing is read any more. Always false.
  bool fail(std::string message);
  /// "… is not valid JSON" with the fault of the last reading.
  bool fail_to_read(std::string_view fault);
  [[nodiscard]] bool over() const noexcept { return facts().done || facts().error.has_value(); }

 private:
  [[nodiscard]] bool sniff(std::string_view bytes);
  void take_repeated(std::string& out);
  [[nodiscard]] bool read(const sse_event& event, std::string_view ahead, bool clean, std::string& out);

  sse_framer framer_;
  event_pattern pattern_;
  event_pattern::varying text_;  ///< of the event at hand, while it is
  event_pattern::padding noise_;
  bool sniffed_;
  bool failed_ = false;
};

/// An event's data without the blanks around it, which some providers send.
[[nodiscard]] std::string_view trimmed(std::string_view data) noexcept;

}  // namespace spidergate::providers
