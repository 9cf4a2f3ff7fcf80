#pragma once
#include <spidergate/http/request_head.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace spidergate::http {

/// A refusal and the sentence that tells the client why. The text is static.
struct verdict {
  refusal why = refusal::none;
  std::string_view message;
};

/// Looks once at every byte of a request head as it arrives: finds where the head ends, and refuses at the first byte
/// that strict HTTP/1.1 does not allow there. What two implementations could read differently (bare LF or CR, folded
/// lines, blanks before a colon, control bytes) never gets as far as the parser. The verdict does not depend on how the
/// bytes were cut. No I/O, no allocation.
class head_scanner {
 public:
  enum class progress : std::uint8_t {
    more,      ///< all bytes are fine so far
    complete,  ///< size() bytes are the head
    refused,   ///< see reason()
  };

  explicit head_scanner(std::size_t max_bytes) noexcept : max_bytes_(max_bytes) {}

  /// Forgets the current head and starts with the next one.
  void restart() noexcept;

  /// `bytes` begins with the head's first byte and holds all that has arrived so far; looks only at what is new.
  progress scan(std::string_view bytes) noexcept;

  /// Bytes of the whole head, its empty line included.
  [[nodiscard]] std::size_t size() const noexcept { return at_; }
  /// Where the request line begins: 2 after an empty line that is forgiven, else 0.
  [[nodiscard]] std::size_t begin() const noexcept { return begin_; }
  [[nodiscard]] const verdict& reason() const noexcept { return reason_; }

 private:
  enum class state : std::uint8_t {
    first,
    blank_lf,
    method,
    target,
    version,
    request_lf,
    field,
    name,
    value,
    value_lf,
    end_lf,
    done,
    failed
  };

  void step(std::string_view bytes) noexcept;
  void on_first(char c) noexcept;
  void on_version(char c) noexcept;
  void on_field(char c) noexcept;
  void expect_lf(char c, state next) noexcept;
  [[nodiscard]] bool take_usual_version(std::string_view bytes) noexcept;
  [[nodiscard]] bool take_whole_fields(std::string_view bytes) noexcept;
  void refuse(refusal why, std::string_view message) noexcept;

  std::size_t max_bytes_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;
  std::size_t part_at_ = 0;  // where the current method, target, version or name began
  state state_ = state::first;
  char major_ = 0;
  char minor_ = 0;
  verdict reason_;
};

}  // namespace spidergate::http
