#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace spidergate::providers {

/// What the events of a stream have in common. Most events of an answer are the one before them with other text in one
/// place. Once such an event has been read and written in full, the next ones need not be: the same bytes around a
/// sound string are the same JSON, with the same meaning. Owned by one stream.
class event_pattern {
 public:
  /// A string within an event: its inside in what came, and where that stands in what was written for it.
  struct varying {
    std::string_view inside;
    std::size_t written_at = 0;
  };

  /// Keeps an event, of any bytes from the first of its first line to the line feed that ends it, and what was written
  /// for it. `text` is what it brings; `noise`, which may be absent (null), stands behind it, and means nothing.
  /// REQUIRES: both stand in `event` between quotes, and byte for byte in `written`.
  void learn(std::string_view event, std::string_view written, varying text, varying noise);
  void forget() noexcept { known_ = false; }

  /// An event that was taken.
  struct taken {
    std::size_t size = 0;   ///< of the event; 0: `bytes` begin with no such event
    std::string_view text;  ///< the inside of its string
    bool escaped = false;   ///< whether that has escapes
  };
  /// When `bytes` begin with a whole event that is the known one but for text and noise, appends what is to be written
  /// for it.
  [[nodiscard]] taken take(std::string_view bytes, std::string& out) const;

 private:
  /// Longer ones are too rare for keeping a copy.
  static constexpr std::size_t longest = 4096;

  /// Bytes with two places in them where something else may stand.
  struct frame {
    std::string bytes;  ///< without what stands there
    std::size_t first = 0, second = 0;

    void keep(std::string_view whole, std::size_t text_at, std::size_t text_size, std::size_t noise_at,
              std::size_t noise_size);
    [[nodiscard]] std::string_view before() const noexcept { return {bytes.data(), first}; }
    [[nodiscard]] std::string_view between() const noexcept { return {bytes.data() + first, second - first}; }
    [[nodiscard]] std::string_view behind() const noexcept { return std::string_view(bytes).substr(second); }
  };

  bool known_ = false;
  bool noisy_ = false;
  bool as_it_came_ = false;  ///< what is written are the event's own bytes
  frame event_, written_;
};

}  // namespace spidergate::providers
