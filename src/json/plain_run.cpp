#include "block.hpp"

#include <spidergate/json/plain_run.hpp>

#include <bit>

namespace spidergate::json {

std::size_t plain_run(std::string_view literal) noexcept {
  const char* at = literal.data();
  const char* const end = at + literal.size();
  const auto so_far = [&] { return static_cast<std::size_t>(at - literal.data()); };
  for (; static_cast<std::size_t>(end - at) >= block::size; at += block::size) {
    const auto bytes = block::load(at);
    const auto odd = block::mask(block::stops(bytes)) | block::mask(bytes);
    if (odd != 0) return so_far() + static_cast<std::size_t>(std::countr_zero(odd)) / block::mask_bits;
  }
  while (at != end && static_cast<unsigned char>(*at) < 0x80 && *at != '\\') ++at;
  return so_far();
}

}  // namespace spidergate::json
