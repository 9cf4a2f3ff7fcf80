#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace spidergate::upstream {

/// Takes the chunked framing (RFC 9112 section 7.1) off a body, in place and incrementally: the input may be cut
/// anywhere. Strict: lines end with CRLF, sizes are bare hexadecimal; extensions and trailers are skipped, up to 8 KiB
/// of them.
class chunk_decoder {
 public:
  enum class status {
    more,      ///< everything was taken in, the body goes on
    finished,  ///< the body has ended
    broken,    ///< this is not chunked framing
  };
  struct progress {
    std::size_t consumed;  ///< bytes of the input that have been dealt with; all of them unless finished or broken
    std::size_t begin;     ///< where the body's bytes begin, which stand together from there on
    std::size_t produced;  ///< how many they are
    chunk_decoder::status status;
  };

  [[nodiscard]] progress decode(std::span<char> bytes) noexcept;

 private:
  enum class state {
    size_begin,
    size,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    line_begin,
    line,
    line_lf,
    end_lf,
    done
  };

  /// A size line as nearly all are, which is there as a whole: how long it is. 0: it has to be gone through.
  [[nodiscard]] std::size_t take_size_line(std::span<const char> bytes) noexcept;
  /// Deals with one byte of framing; false when it cannot stand there.
  [[nodiscard]] bool step(char c) noexcept;
  [[nodiscard]] bool push_size_digit(char c) noexcept;
  [[nodiscard]] bool skip_one() noexcept;

  state state_ = state::size_begin;
  std::uint64_t left_ = 0;  ///< of the chunk
  std::size_t size_digits_ = 0;
  std::size_t skipped_ = 0;  ///< bytes of extensions and trailers
};

}  // namespace spidergate::upstream
