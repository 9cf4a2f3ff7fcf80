#include <spidergate/crypto/digest.hpp>

#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace spidergate::crypto {
namespace {

/// The polynomial, its bits in the order in which they come: the lowest first.
constexpr std::uint32_t polynomial = 0xEDB88320U;

using crc_tables = std::array<std::array<std::uint32_t, 256>, 8>;

// Slicing by eight: table k holds what a byte becomes when k more bytes follow it, so eight bytes cost one step.
constexpr crc_tables tables = [] {
  crc_tables made{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    auto value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ ((value & 1U) != 0 ? polynomial : 0U);
    made[0][i] = value;
  }
  for (std::size_t k = 1; k < made.size(); ++k) {
    for (std::size_t i = 0; i < 256; ++i) made[k][i] = (made[k - 1][i] >> 8U) ^ made[0][made[k - 1][i] & 0xFFU];
  }
  return made;
}();

static_assert(std::endian::native == std::endian::little, "words are read as they lie in memory");

/// `crc` continued over `word`, whose lowest byte comes first.
std::uint32_t step(std::uint32_t crc, std::uint64_t word) noexcept {
  word ^= crc;
  std::uint32_t next = 0;
  for (unsigned k = 0; k < 8; ++k) next ^= tables[7 - k][word >> (8 * k) & 0xFFU];
  return next;
}

std::uint32_t by_tables(std::uint32_t crc, std::string_view bytes) noexcept {
  for (; bytes.size() >= sizeof(std::uint64_t); bytes.remove_prefix(sizeof(std::uint64_t))) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    crc = step(crc, word);
  }
  for (const char byte : bytes) crc = (crc >> 8U) ^ tables[0][(crc ^ static_cast<unsigned char>(byte)) & 0xFFU];
  return crc;
}

#if defined(__x86_64__)

constexpr std::size_t block_bytes = 16;

/// x to the power of `n`, reduced by the polynomial, as a factor for the processor's product without carries: there a
/// product of two numbers whose lowest bits come first lies one bit too low.
consteval std::uint64_t power(unsigned n) {
  std::uint32_t value = 0x80000000U;
  for (; n > 0; --n) value = (value >> 1U) ^ ((value & 1U) != 0 ? polynomial : 0U);
  return std::uint64_t{value} << 1U;
}

__m128i block_at(std::string_view bytes) noexcept {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes.data()));
}

/// A block's 128 bits, moved past the 128 that follow, are its halves times these powers; so each block is folded into
/// the next until one is left, which leaves the same rest as all of them.
__attribute__((target("pclmul"))) std::uint32_t by_folding(std::uint32_t crc, std::string_view bytes) noexcept {
  constexpr auto nearer = static_cast<long long>(power(128 + 32)), farther = static_cast<long long>(power(128 - 32));
  const auto powers = _mm_set_epi64x(farther, nearer);
  auto all = _mm_xor_si128(block_at(bytes), _mm_cvtsi32_si128(static_cast<int>(crc)));
  for (bytes.remove_prefix(block_bytes); bytes.size() >= block_bytes; bytes.remove_prefix(block_bytes)) {
    const auto first = _mm_clmulepi64_si128(all, powers, 0x00);
    const auto second = _mm_clmulepi64_si128(all, powers, 0x11);
    all = _mm_xor_si128(_mm_xor_si128(first, second), block_at(bytes));
  }
  std::array<std::uint64_t, 2> words{};
  _mm_storeu_si128(reinterpret_cast<__m128i*>(words.data()), all);
  return by_tables(step(step(0, words[0]), words[1]), bytes);
}

std::uint32_t continued(std::uint32_t crc, std::string_view bytes) noexcept {
  static const bool can_fold = __builtin_cpu_supports("pclmul") != 0;
  return can_fold && bytes.size() >= 2 * block_bytes ? by_folding(crc, bytes) : by_tables(crc, bytes);
}

#else

std::uint32_t continued(std::uint32_t crc, std::string_view bytes) noexcept {
  return by_tables(crc, bytes);
}

#endif

}  // namespace

std::uint32_t crc32(std::string_view bytes) noexcept {
  return ~continued(0xFFFFFFFFU, bytes);
}

}  // namespace spidergate::crypto
