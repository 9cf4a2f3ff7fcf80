#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace spidergate::providers {

/// One server-sent event: views that stand until the framer is asked again.
struct sse_event {
  std::string_view type;  ///< of its `event:` line; empty when there was none
  std::string_view data;  ///< its `data:` lines, joined with line feeds
};

/// Cuts a byte stream into server-sent events as the HTML standard's section 9.2.6 says: lines end with CRLF, LF or CR,
/// a byte order mark may come first, comments and unknown fields are skipped, an event without data is none. How the
/// bytes were cut into reads never shows. An event that lies whole in one read, with one data line, is not copied.
/// Memory is bounded by the largest event allowed. Owned by one stream; not thread-safe.
class sse_framer {
 public:
  static constexpr std::size_t default_limit = 1024 * 1024;
  enum class step : std::uint8_t {
    event,     ///< there is one
    more,      ///< the bytes are used up
    oversize,  ///< an event or a line is larger than allowed: there is no way on
  };

  explicit sse_framer(std::size_t max_event_bytes = default_limit) : limit_(max_event_bytes) {}

  /// Gives the next bytes; they must stand until next() has said `more`. REQUIRES: next() said so for the ones before.
  void feed(std::string_view bytes) noexcept;
  [[nodiscard]] step next(sse_event& event);
  /// What next() has not looked at of the bytes given last.
  [[nodiscard]] std::string_view ahead() const noexcept { return input_.substr(at_); }
  /// Whether all before that has been told in events: none has begun.
  [[nodiscard]] bool between_events() const noexcept {
    return (dispatched_ || (!has_data_ && type_.empty())) && partial_.empty() && !after_cr_ && !first_line_ && !stuck_;
  }
  /// Passes over whole events, which somebody else has read. REQUIRES: between_events(), and the bytes skipped end with
  /// a line feed.
  void skip(std::size_t bytes) noexcept;
  /// The stream has ended: true when an event was left that only lacked its blank line, as some providers leave their
  /// last one.
  [[nodiscard]] bool finish(sse_event& event);

 private:
  enum class found : std::uint8_t { line, none, too_long };
  [[nodiscard]] found take_line();
  [[nodiscard]] std::size_t line_end() noexcept;
  [[nodiscard]] bool field();
  [[nodiscard]] bool add_data(std::string_view value);
  [[nodiscard]] bool dispatch(sse_event& event);
  void forget_dispatched() noexcept;
  void keep_unfinished();

  std::size_t limit_;
  std::string_view input_;
  std::size_t at_ = 0;
  /// The first line feed at or behind at_, once looked for: a search per line would be quadratic with CR.
  std::size_t next_lf_ = 0;
  bool lf_sought_ = false;

  std::string partial_;    ///< the begun line of earlier reads
  std::string line_text_;  ///< a line that was put together from several reads
  std::string_view line_;
  bool line_in_input_ = false;
  bool first_line_ = true;
  bool after_cr_ = false;  ///< a read ended with CR: a line feed that comes next belongs to it
  bool stuck_ = false;

  std::string data_text_;  ///< the event's data where it had to be copied
  std::string_view data_;
  std::string type_;
  bool has_data_ = false;
  bool data_in_input_ = false;
  bool dispatched_ = false;
};

}  // namespace spidergate::providers
