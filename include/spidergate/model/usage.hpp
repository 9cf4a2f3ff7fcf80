#pragma once
#include <spidergate/core/money.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace spidergate::model {

/// Tokens of one answer as OpenAI counts them: `prompt` includes cached ones, `completion` includes reasoning.
struct usage {
  std::int64_t prompt = 0;
  std::int64_t cached = 0;            ///< of prompt: read from the provider's cache
  std::int64_t cache_written = 0;     ///< of prompt: written to the provider's cache
  std::int64_t cache_written_1h = 0;  ///< of cache_written: kept for an hour, which costs more
  std::int64_t completion = 0;
  std::int64_t reasoning = 0;         ///< of completion
  std::int64_t audio_prompt = 0;      ///< of prompt, not cached
  std::int64_t audio_completion = 0;  ///< of completion
  std::int64_t image_prompt = 0;      ///< of prompt, not cached: tokens of images
  std::int64_t image_completion = 0;  ///< of completion: tokens of images made
  // Beside the tokens, where a provider charges by something else:
  std::int64_t images = 0;    ///< images made
  std::string image_variant;  ///< of them: "<quality>_<size>" as the catalogue's prices name it; may be empty
  std::int64_t pixels = 0;    ///< of all images made
  std::int64_t characters_in = 0, characters_out = 0;  ///< of text given to a voice, or made
  std::int64_t audio_ms_in = 0, audio_ms_out = 0;      ///< of sound given or made
  std::int64_t searches = 0;                           ///< rerank: search units
  std::int64_t web_searches = 0;                       ///< run by the provider for this answer
  bool estimated = false;                              ///< the provider did not say, or said something impossible

  /// Saturates, as a damaged record may hold anything.
  [[nodiscard]] std::int64_t total() const noexcept;
  friend bool operator==(const usage&, const usage&) = default;
};

/// What a model's tokens cost. An absent price is "not known", never zero.
struct price {
  std::optional<unit_price> input;
  std::optional<unit_price> output;
  std::optional<unit_price> cache_read;    ///< where absent, input applies
  std::optional<unit_price> cache_write;   ///< where absent, input applies
  std::optional<unit_price> reasoning;     ///< where absent, output applies
  std::optional<unit_price> audio_input;   ///< where absent, input applies
  std::optional<unit_price> audio_output;  ///< where absent, output applies
  std::optional<money> per_image;
  std::optional<money> per_request;

  /// Prices of the whole request once its prompt is longer than `above_tokens`; absent parts keep the base price.
  struct tier {
    std::int64_t above_tokens = 0;
    std::optional<unit_price> input, output, cache_read, cache_write;
    friend bool operator==(const tier&, const tier&) = default;
  };
  std::vector<tier> tiers;  ///< by rising above_tokens

  [[nodiscard]] bool known() const noexcept {
    return input.has_value() || output.has_value() || per_request.has_value() || per_image.has_value();
  }
  friend bool operator==(const price&, const price&) = default;
};

/// Tokens of `used` by what they are charged as: disjoint, none negative, and summing up to prompt + completion
/// whatever a provider has said: a negative count is none, and parts take from their whole in this order until nothing
/// is left: cached, written, sound; reasoning, sound.
struct token_buckets {
  std::int64_t uncached = 0, cached = 0, cache_written = 0, audio_prompt = 0;
  std::int64_t completion = 0, reasoning = 0, audio_completion = 0;
};
[[nodiscard]] token_buckets buckets_of(const usage& used) noexcept;

/// What `used` costs at `rates`: each bucket at its own price, images and the request besides. Unknown prices count as
/// nothing. Exact but for one rounding to a nano-dollar at the end; saturates at the largest money.
[[nodiscard]] money cost_of(const usage& used, const price& rates) noexcept;

}  // namespace spidergate::model
