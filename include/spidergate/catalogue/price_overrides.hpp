#pragma once
#include <spidergate/model/usage.hpp>

#include <boost/system/result.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spidergate::catalogue {

/// What an operator has agreed with a provider, where it differs from the list price: per brand or per integration.
/// Parts that are absent keep the list price; tiers do not apply to a part that is overridden. Immutable, so safe on
/// any thread.
struct price_change {
  model::price parts;
  [[nodiscard]] model::price over(const model::price& list) const;
};

/// Price overrides of one owner, in their order: the first whose glob matches applies.
class price_overrides {
 public:
  /// Reads {"<glob over provider/model, or over the model alone>": {"input_per_mtok_usd": "0.5", "output_per_mtok_usd":
  /// …, "cache_read_per_mtok_usd", "cache_write_per_mtok_usd", "reasoning_per_mtok_usd", "audio_input_per_mtok_usd",
  /// "audio_output_per_mtok_usd", "image_usd", "per_request_usd", and the others of price_part_names()}}; prices are
  /// decimal strings or numbers, not negative, exact to a pico-dollar a token; null is absent; {} keeps the list price
  /// for what it matches. Empty text is no overrides. At most 64 KiB and 1,000 entries, no pattern twice. The message
  /// names the faulty member.
  [[nodiscard]] static boost::system::result<price_overrides, std::string> read(std::string_view json);

  [[nodiscard]] bool empty() const noexcept { return changes_.empty(); }
  /// Null when nothing matches.
  [[nodiscard]] const price_change* find(std::string_view provider, std::string_view model) const;

 private:
  std::vector<std::pair<std::string, price_change>> changes_;
};

}  // namespace spidergate::catalogue
