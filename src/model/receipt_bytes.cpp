// The stored form of a receipt: version byte, fields in the order of visit(), checksum. Integers are zigzag varints
// (small numbers take one byte), texts and lists carry their length before them.
#include "checksum.hpp"

#include <spidergate/model/receipt.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

namespace spidergate::model {
namespace {

/// What is written. Older forms are read for as long as spools and ledgers may hold them.
constexpr std::uint8_t format_version = 3;
constexpr std::uint8_t first_version = 1;
constexpr std::uint8_t version_with_sound = 2;
constexpr std::uint8_t version_with_every_kind = 3;
constexpr std::size_t checksum_size = 4;
constexpr std::size_t longest_varint = 10;

/// Every stored field of a value, once: sizing, writing and reading cannot disagree about the order. What a version
/// does not have keeps its default. Inlined, so that a codec's position stays in a register: what is written through it
/// might be the codec itself otherwise, for all the compiler knows.
template <class Codec, class Usage>
[[gnu::always_inline]] inline void visit_usage(Codec& codec, Usage& u) {
  codec(u.prompt), codec(u.cached), codec(u.cache_written), codec(u.completion), codec(u.reasoning);
  if (codec.version() >= version_with_sound) codec(u.audio_prompt), codec(u.audio_completion), codec(u.images);
  if (codec.version() >= version_with_every_kind) {
    codec(u.cache_written_1h), codec(u.image_prompt), codec(u.image_completion), codec(u.image_variant);
    codec(u.pixels), codec(u.characters_in), codec(u.characters_out), codec(u.audio_ms_in), codec(u.audio_ms_out);
    codec(u.searches), codec(u.web_searches);
  }
  codec(u.estimated);
}

template <class Codec, class Attempt>
[[gnu::always_inline]] inline void visit_attempt(Codec& codec, Attempt& a) {
  codec(a.provider), codec(a.model), codec(a.integration_id), codec(a.key_label);
  codec(a.started_at), codec(a.latency_ms), codec(a.status), codec(a.error);
  visit_usage(codec, a.tokens);
}

template <class Codec, class Receipt>
void visit(Codec& codec, Receipt& r) {
  codec(r.request_id), codec(r.timestamp), codec(r.brand_id), codec(r.client_id), codec(r.token_id);
  codec(r.endpoint), codec(r.streamed), codec(r.requested_model), codec(r.alias);
  codec(r.strategy), codec(r.candidates_evaluated), codec(r.reason);
  codec(r.provider), codec(r.model);
  codec(r.latency_ms), codec(r.time_to_first_token_ms), codec(r.routing_overhead_us);
  visit_usage(codec, r.tokens);
  codec(r.cost.nano_usd), codec(r.cost_known);
  if (codec.version() >= version_with_every_kind) codec(r.cost_estimated);
  codec(r.fallback_used), codec(r.fallback_from);
  codec(r.attempts), codec(r.dropped_params);
  codec(r.status), codec(r.http_status), codec(r.error_code);
  codec(r.tags), codec(r.metadata);
}

/// An upper bound of the encoded size, so that writing needs no checks.
class sizer {
 public:
  [[nodiscard]] static std::uint8_t version() { return format_version; }
  void operator()(bool) { size_ += 1; }
  void operator()(int) { size_ += longest_varint; }
  void operator()(std::int64_t) { size_ += longest_varint; }
  void operator()(const std::string& text) { size_ += longest_varint + text.size(); }
  void operator()(const std::vector<std::string>& texts) {
    size_ += longest_varint;
    for (const auto& text : texts) (*this)(text);
  }
  void operator()(const std::vector<attempt>& attempts) {
    size_ += longest_varint;
    for (const auto& a : attempts) visit_attempt(*this, a);
  }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::size_t size_ = 1 + checksum_size;
};

class writer {
 public:
  explicit writer(char* at) : at_(at) {}
  [[nodiscard]] static std::uint8_t version() { return format_version; }
  void operator()(bool flag) { *at_++ = flag ? 1 : 0; }
  void operator()(int number) { (*this)(static_cast<std::int64_t>(number)); }
  void operator()(std::int64_t number) {
    varint((static_cast<std::uint64_t>(number) << 1) ^ static_cast<std::uint64_t>(number >> 63));
  }
  void operator()(const std::string& text) {
    varint(text.size());
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void operator()(const std::vector<std::string>& texts) {
    varint(texts.size());
    for (const auto& text : texts) (*this)(text);
  }
  void operator()(const std::vector<attempt>& attempts) {
    varint(attempts.size());
    for (const auto& a : attempts) visit_attempt(*this, a);
  }
  void byte(std::uint8_t value) { *at_++ = static_cast<char>(value); }
  [[nodiscard]] char* at() const { return at_; }

 private:
  void varint(std::uint64_t value) {
    // As most are: all counts that are zero, all lengths of short texts.
    if (value < 0x80) return byte(static_cast<std::uint8_t>(value));
    while (value >= 0x80) {
      byte(static_cast<std::uint8_t>(value | 0x80));
      value >>= 7;
    }
    byte(static_cast<std::uint8_t>(value));
  }
  char* at_;
};

/// A receipt of which only the columns are wanted: what is passed over is read like the rest, but kept nowhere.
struct passed_over_texts {};
struct passed_over_attempts {};
struct passed_over_attempt {
  std::string_view provider, model, integration_id, key_label, error;
  epoch_ms started_at = 0;
  std::int64_t latency_ms = 0;
  int status = 0;
  usage tokens;
};
struct receipt_in_passing {
  std::string_view request_id, brand_id, client_id, token_id, endpoint, requested_model, alias, strategy, reason;
  std::string_view provider, model, fallback_from, status, error_code, metadata;
  epoch_ms timestamp = 0;
  std::int64_t candidates_evaluated = 0, latency_ms = 0, time_to_first_token_ms = 0, routing_overhead_us = 0;
  usage tokens;
  money cost;
  bool streamed = false, cost_known = false, cost_estimated = false, fallback_used = false;
  passed_over_attempts attempts;
  passed_over_texts dropped_params, tags;
  int http_status = 0;
};

/// Reads what writer wrote; any disagreement makes it failed for good, and everything after reads as empty.
class reader {
 public:
  explicit reader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {
    version_ = byte();
    if (version_ < first_version || version_ > format_version) fail();
  }
  [[nodiscard]] std::uint8_t version() const { return version_; }
  [[nodiscard]] bool consumed_all() const { return !failed_ && at_ == end_; }

  void operator()(bool& flag) {
    const auto value = byte();
    if (value > 1) fail();
    flag = value == 1;
  }
  void operator()(int& number) {
    std::int64_t wide = 0;
    (*this)(wide);
    if (wide < std::numeric_limits<int>::min() || wide > std::numeric_limits<int>::max()) fail();
    number = failed_ ? 0 : static_cast<int>(wide);
  }
  void operator()(std::int64_t& number) {
    const auto value = varint();
    number = static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }
  void operator()(std::string_view& text) {
    const auto size = length(1);
    text = {at_, size};
    at_ += size;
  }
  void operator()(std::string& text) {
    std::string_view here;
    (*this)(here);
    text.assign(here);
  }
  void operator()(std::vector<std::string>& texts) {
    texts.resize(length(1));
    for (auto& text : texts) (*this)(text);
  }
  void operator()(passed_over_texts&) {
    std::string_view text;
    for (auto left = length(1); left > 0; --left) (*this)(text);
  }
  void operator()(std::vector<attempt>& attempts) {
    attempts.resize(length(fewest_bytes_of_attempt()));
    for (auto& a : attempts) visit_attempt(*this, a);
  }
  void operator()(passed_over_attempts&) {
    passed_over_attempt a;
    for (auto left = length(fewest_bytes_of_attempt()); left > 0; --left) visit_attempt(*this, a);
  }
  std::uint8_t byte() {
    if (at_ == end_) {
      fail();
      return 0;
    }
    return static_cast<std::uint8_t>(*at_++);
  }

 private:
  /// Nothing is left to read then.
  void fail() {
    failed_ = true;
    at_ = end_;
  }
  /// One for each of its fields.
  [[nodiscard]] std::size_t fewest_bytes_of_attempt() const {
    constexpr std::size_t of_first = 14, sound = 3, every_kind = 11;
    return of_first + (version_ >= version_with_sound ? sound : 0) +
           (version_ >= version_with_every_kind ? every_kind : 0);
  }
  [[gnu::always_inline]] std::uint64_t varint() {
    if (at_ != end_ && (*at_ & 0x80) == 0) return static_cast<std::uint8_t>(*at_++);
    const auto [value, next] = long_varint(at_, end_);
    if (next == nullptr) {
      fail();
      return 0;
    }
    at_ = next;
    return value;
  }
  /// The number and what follows it; null where there is none.
  [[gnu::noinline]] static std::pair<std::uint64_t, const char*> long_varint(const char* at, const char* end) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 70 && at != end; shift += 7) {
      const std::uint64_t part = static_cast<std::uint8_t>(*at++);
      if (shift == 63 && part > 1) break;
      value |= (part & 0x7f) << shift;
      if ((part & 0x80) == 0) return {value, at};
    }
    return {0, nullptr};
  }
  /// A count of things that take at least `each` bytes: more than the rest can hold is a lie, refused before memory is
  /// taken.
  std::size_t length(std::size_t each) {
    const auto count = varint();
    if (count > static_cast<std::size_t>(end_ - at_) / each) fail();
    return failed_ ? 0 : static_cast<std::size_t>(count);
  }

  const char* at_;
  const char* end_;
  std::uint8_t version_ = 0;
  bool failed_ = false;
};

std::array<char, checksum_size> checksum_bytes(std::string_view bytes) {
  return std::bit_cast<std::array<char, checksum_size>>(checksum(bytes));
}

}  // namespace

std::uint32_t checksum(std::string_view bytes) {
  constexpr std::uint64_t odd = 0x9e3779b97f4a7c15;
  std::uint64_t state = bytes.size() * odd;
  const auto mix = [&state](std::uint64_t word) { state = std::rotl((state ^ word) * odd, 29); };
  while (bytes.size() >= sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    mix(word);
    bytes.remove_prefix(sizeof word);
  }
  std::uint64_t tail = 0;
  if (!bytes.empty()) std::memcpy(&tail, bytes.data(), bytes.size());
  mix(tail);
  mix(state >> 31);
  return static_cast<std::uint32_t>(state >> 32);
}
static_assert(std::endian::native == std::endian::little, "checksum() reads words as they lie in memory");

void encode(const receipt& r, std::string& out) {
  sizer bound;
  visit(bound, r);
  const auto begin = out.size();
  out.resize(begin + bound.size());

  writer write(out.data() + begin);
  write.byte(format_version);
  visit(write, r);
  const auto written = static_cast<std::size_t>(write.at() - out.data());
  const auto sum = checksum_bytes(std::string_view{out}.substr(begin, written - begin));
  std::memcpy(write.at(), sum.data(), sum.size());
  out.resize(written + sum.size());
}

namespace {

/// False, and `into` half read, where encode() did not write all of it.
template <class Receipt>
bool read_whole(std::string_view bytes, Receipt& into) {
  if (bytes.size() < 1 + checksum_size) return false;
  const auto payload = bytes.substr(0, bytes.size() - checksum_size);
  const auto sum = checksum_bytes(payload);
  if (bytes.substr(payload.size()) != std::string_view{sum.data(), sum.size()}) return false;
  reader read(payload);
  visit(read, into);
  return read.consumed_all();
}

}  // namespace

bool decode(std::string_view bytes, receipt& r) {
  receipt decoded;
  if (!read_whole(bytes, decoded)) return false;
  r = std::move(decoded);
  return true;
}

bool decode_columns(std::string_view bytes, receipt_columns& columns) {
  receipt_in_passing r;
  if (!read_whole(bytes, r)) return false;
  columns = {.request_id = r.request_id,
             .timestamp = r.timestamp,
             .brand_id = r.brand_id,
             .client_id = r.client_id,
             .token_id = r.token_id,
             .requested_model = r.requested_model,
             .alias = r.alias,
             .provider = r.provider,
             .model = r.model,
             .prompt_tokens = r.tokens.prompt,
             .cached_tokens = r.tokens.cached,
             .completion_tokens = r.tokens.completion,
             .reasoning_tokens = r.tokens.reasoning,
             .cost = r.cost,
             .status = r.status};
  return true;
}

}  // namespace spidergate::model
