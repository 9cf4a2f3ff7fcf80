#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/// Several bytes of a string looked at together, for what its reader must stop at: the closing quote, a backslash, a
/// control character.
namespace spidergate::json {

/// Eight bytes, on any machine that keeps the lowest byte first.
struct word_block {
  using bytes = std::uint64_t;
  static constexpr std::size_t size = 8;
  static constexpr std::size_t mask_bits = 8;  ///< of a mask for each byte
  static_assert(std::endian::native == std::endian::little);

  [[nodiscard]] static bytes none() noexcept { return 0; }
  [[nodiscard]] static bytes load(const char* from) noexcept {
    bytes loaded = 0;
    std::memcpy(&loaded, from, size);
    return loaded;
  }
  /// The highest bit of each byte to stop at.
  [[nodiscard]] static bytes stops(bytes in) noexcept {
    return (zeros(in ^ (each * '"')) | zeros(in ^ (each * '\\')) | zeros(in & (each * 0xE0)));
  }
  /// The highest bits: the first byte's are the lowest.
  [[nodiscard]] static std::uint64_t mask(bytes in) noexcept { return in & (each * 0x80); }

 private:
  static constexpr bytes each = 0x0101010101010101;
  /// Without carries from one byte to the next.
  [[nodiscard]] static bytes zeros(bytes in) noexcept { return ~(((in & (each * 0x7F)) + each * 0x7F) | in); }
};

#if defined(__SSE2__)

/// Sixteen bytes: what every x86-64 has.
struct vector_block {
  using bytes = __m128i;
  static constexpr std::size_t size = 16;
  static constexpr std::size_t mask_bits = 1;

  [[nodiscard]] static bytes none() noexcept { return _mm_setzero_si128(); }
  [[nodiscard]] static bytes load(const char* from) noexcept {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  }
  [[nodiscard]] static bytes stops(bytes in) noexcept {
    const bytes quotes = _mm_cmpeq_epi8(in, _mm_set1_epi8('"'));
    const bytes slashes = _mm_cmpeq_epi8(in, _mm_set1_epi8('\\'));
    const bytes controls = _mm_cmpeq_epi8(_mm_min_epu8(in, _mm_set1_epi8(0x1F)), in);
    return quotes | slashes | controls;
  }
  [[nodiscard]] static std::uint64_t mask(bytes in) noexcept {
    return static_cast<std::uint32_t>(_mm_movemask_epi8(in));
  }
};
using block = vector_block;

#else

using block = word_block;

#endif

}  // namespace spidergate::json
