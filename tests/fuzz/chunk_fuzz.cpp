// Whatever arrives as a chunked body: no crash, and the same verdict, payload and end however it is cut.
#include "chunk_decoder.hpp"
#include "cut_at_random.hpp"

#include <cstdint>
#include <string>

using namespace spidergate;
using fuzz::require;
using http::chunk_decoder;

namespace {

constexpr std::uint64_t max_body_bytes = 4096;

struct decoding {
  chunk_decoder::progress state = chunk_decoder::progress::more;
  std::string payload;
  std::size_t consumed = 0;
  bool operator==(const decoding&) const = default;
};

decoding decode(const std::vector<std::string_view>& pieces) {
  chunk_decoder decoder(max_body_bytes);
  decoding out;
  for (const auto piece : pieces) {
    std::string bytes(piece);
    const auto step = decoder.decode(bytes.data(), bytes.size());
    require(step.produced <= step.consumed && step.consumed <= bytes.size());
    require(std::string_view(bytes).substr(step.consumed) == piece.substr(step.consumed));
    out.payload.append(bytes, 0, step.produced);
    out.consumed += step.consumed;
    if (decoder.state() != chunk_decoder::progress::more) break;
  }
  out.state = decoder.state();
  require(out.payload.size() <= max_body_bytes);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto arrivals = fuzz::all_arrivals(input);
  const auto whole = decode(arrivals.front());
  for (const auto& pieces : arrivals) require(decode(pieces) == whole);
  return 0;
}
