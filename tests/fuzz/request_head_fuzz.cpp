// Whatever arrives as a request head: no crash, the same verdict however it is cut, and nothing strange in what is
// accepted.
#include "cut_at_random.hpp"
#include "head_parser.hpp"
#include "head_scanner.hpp"

#include <spidergate/core/byte_class.hpp>

#include <algorithm>
#include <cstdint>
#include <string>

using namespace spidergate;
using namespace spidergate::http;
using fuzz::require;

namespace {

constexpr std::size_t max_head_bytes = 2048;

struct reading {
  head_scanner::progress progress = head_scanner::progress::more;
  refusal why = refusal::none;
  std::size_t size = 0;
  bool operator==(const reading&) const = default;
};

bool all_are(byte_class wanted, std::string_view text) {
  return std::all_of(text.begin(), text.end(), [&](char c) { return is(wanted, c); });
}

void check_accepted(const request_head& head, std::string_view bytes) {
  require(!(head.chunked && head.content_length));
  require(!head.chunked || head.version == 11);
  require(!head.method.empty() && all_are(token_byte, head.method));
  require(!head.target.empty() && all_are(target_byte, head.target));
  require(!head.path.empty() && (head.path.front() == '/' || head.path == "*"));
  for (const auto& f : head.fields) {
    require(!f.name.empty() && all_are(token_byte, f.name) && all_are(value_byte, f.value));
    require(f.name.data() >= bytes.data() && f.name.data() + f.name.size() <= bytes.data() + bytes.size());
  }
}

reading read(const std::vector<std::string_view>& pieces) {
  head_scanner scanner(max_head_bytes);
  std::string buffer;
  for (const auto piece : pieces) {
    buffer.append(piece);
    const auto progress = scanner.scan(buffer);
    if (progress == head_scanner::progress::refused) return {progress, scanner.reason().why, 0};
    if (progress == head_scanner::progress::more) continue;
    request_head head;
    const auto text = std::string_view(buffer).substr(scanner.begin(), scanner.size() - scanner.begin());
    require(text.ends_with("\r\n\r\n"));
    const auto why = parse_head(text, head).why;
    if (why == refusal::none) check_accepted(head, text);
    return {progress, why, scanner.size()};
  }
  return {};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto arrivals = fuzz::all_arrivals(input);
  const auto whole = read(arrivals.front());
  for (const auto& pieces : arrivals) require(read(pieces) == whole);
  return 0;
}
