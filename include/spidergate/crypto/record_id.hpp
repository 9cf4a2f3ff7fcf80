#pragma once
#include <spidergate/crypto/random.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace spidergate::crypto {

/// `prefix` ("tok_") and 16 of [0-9A-Za-z]: nine of the time in microseconds since 1970, seven random. So ids of
/// records sort by the time they were made, which settles the order of lists within a millisecond. They are no secret.
[[nodiscard]] std::string record_id(random_source& random, std::string_view prefix, std::int64_t now_us);

/// How many base62 digits hold a time in microseconds until the year 2400.
inline constexpr std::size_t time_digits = 9;

/// Fills `digits` with the low base62 digits of `number`, the highest first: texts of one length sort as their numbers.
void put_base62(std::span<char> digits, std::uint64_t number) noexcept;

}  // namespace spidergate::crypto
