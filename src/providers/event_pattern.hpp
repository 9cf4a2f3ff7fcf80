#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace spidergate::providers {

/// What the events of a stream have in common. Most events of an answer are the one before them with other text in one
/// place. Once such an event has been read and written in full, the next ones need not be: the same bytes around a
/// sound string are the same JSON, with the same meaning. Owned by one stream.
class event_pattern {
 public:
  /// A place within an event whose bytes may be others next time.
  struct varying {
    static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

    std::string_view bytes;            ///< what stands there; null: there is no such place
    std::size_t written_at = nowhere;  ///< where the same stands in what was written for the event
  };
  /// What hides the length of the text in some providers' events, and may be anything of its kind.
  struct padding : varying {
    bool blanks = false;  ///< spaces between two tokens; else the inside of a string
  };

  /// Keeps an event, of any bytes from the first of its first line to the line feed that ends it, and what was written
  /// for it. `text` is the inside of a string that is not empty, and stands before `noise`.
  void learn(std::string_view event, std::string_view written, varying text, padding noise);
  void forget() noexcept { known_ = false; }

  /// An event that was taken.
  struct taken {
    std::size_t size = 0;   ///< of the event; 0: `bytes` begin with no such event
    std::string_view text;  ///< the inside of its string
    bool escaped = false;   ///< whether that has escapes
  };
  /// When `bytes` begin with a whole event that is the known one but for text, of which there must be some, and noise,
  /// appends what is to be written for it.
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

  enum class noise : std::uint8_t { none, string, blanks };
  /// Takes the noise off the front; false when it is none of its kind.
  [[nodiscard]] bool take_noise(std::string_view& bytes) const noexcept;

  bool known_ = false;
  noise noise_ = noise::none;
  bool noise_written_ = false;
  bool as_it_came_ = false;  ///< what is written are the event's own bytes
  frame event_, written_;
};

}  // namespace spidergate::providers
