#pragma once
#include <cstddef>
#include <cstdint>

namespace spidergate::http {

/// Takes the chunked framing (RFC 9112 section 7.1) off a request body, in place: payload moves to the front of the
/// bytes given. Strict: CRLF only, bare hexadecimal sizes, bounded lines, bounded overhead, bounded trailers, which are
/// checked and dropped. The verdict and the payload do not depend on how the bytes were cut. No I/O, no allocation.
class chunk_decoder {
 public:
  static constexpr std::size_t max_line_bytes = 256;         ///< a size with its extensions
  static constexpr std::size_t max_trailer_bytes = 4096;     ///< all trailer fields together
  static constexpr std::size_t max_overhead_bytes = 16'384;  ///< framing beyond what small honest chunks need

  enum class progress : std::uint8_t {
    more,       ///< the body goes on
    done,       ///< the last chunk and the trailers have been read
    malformed,  ///< not chunked framing
    too_large,  ///< the payload exceeds max_body_bytes
  };

  /// What one call took and gave: payload is at the front, the bytes after `consumed` are untouched and belong to what
  /// follows.
  struct step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
  };

  explicit chunk_decoder(std::uint64_t max_body_bytes) noexcept : room_(max_body_bytes) {}

  step decode(char* data, std::size_t size) noexcept;
  [[nodiscard]] progress state() const noexcept { return progress_; }

 private:
  enum class part : std::uint8_t {
    size,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer,
    trailer_name,
    trailer_value,
    trailer_lf,
    end_lf
  };

  void on_framing(char c) noexcept;
  void on_size(char c) noexcept;
  void on_extension(char c) noexcept;
  void on_size_line_end(char c) noexcept;
  void on_trailer(char c) noexcept;
  void expect(char c, char wanted, part next) noexcept;
  void fail(progress why = progress::malformed) noexcept { progress_ = why; }

  std::uint64_t room_;       // payload bytes still allowed
  std::uint64_t chunk_ = 0;  // size being read, then payload bytes still to come
  std::size_t line_ = 0;     // bytes of the current size line, or of all trailers
  std::size_t digits_ = 0;
  std::size_t overhead_ = 0;
  part part_ = part::size;
  progress progress_ = progress::more;
};

}  // namespace spidergate::http
