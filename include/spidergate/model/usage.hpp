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

/// What a model's answers cost. An absent price is "not known", never zero.
struct price {
  std::optional<unit_price> input;
  std::optional<unit_price> output;
  std::optional<unit_price> cache_read;      ///< where absent, input applies
  std::optional<unit_price> cache_write;     ///< where absent, input applies
  std::optional<unit_price> cache_write_1h;  ///< where absent, cache_write applies
  std::optional<unit_price> reasoning;       ///< where absent, output applies
  std::optional<unit_price> audio_input;     ///< where absent, input applies
  std::optional<unit_price> audio_output;    ///< where absent, output applies
  std::optional<unit_price> image_input;     ///< where absent, input applies
  std::optional<unit_price> image_output;    ///< where absent, output applies, or the price of an image
  std::optional<unit_price> per_second_in;   ///< of sound given; unless its tokens are said and have a price
  std::optional<unit_price> per_second_out;  ///< of sound made; unless its tokens are said
  std::optional<unit_price> per_character_in, per_character_out;
  std::optional<money> per_image;  ///< made
  std::optional<pixel_price> per_pixel;
  std::optional<money> per_request;
  std::optional<money> per_search;  ///< rerank: a search unit
  std::optional<money> per_web_search;

  /// Of images of one kind: "<quality>_<size>", or the size alone.
  struct image_rate {
    std::string variant;
    std::optional<money> per_image;
    std::optional<pixel_price> per_pixel;
    friend bool operator==(const image_rate&, const image_rate&) = default;
  };
  std::vector<image_rate> image_rates;

  /// No list price: worked out from what an hour of the machine costs.
  bool estimated = false;

  /// Prices of the whole request once its prompt is longer than `above_tokens`; absent parts keep the base price.
  struct tier {
    std::int64_t above_tokens = 0;
    std::optional<unit_price> input, output, cache_read, cache_write;
    friend bool operator==(const tier&, const tier&) = default;
  };
  std::vector<tier> tiers;  ///< by rising above_tokens

  /// True when anything has a price.
  [[nodiscard]] bool known() const noexcept;
  friend bool operator==(const price&, const price&) = default;
};

/// Tokens of `used` by what they are charged as: disjoint, none negative, and summing up to prompt + completion
/// whatever a provider has said: a negative count is none, and parts take from their whole in this order until nothing
/// is left: cached, written (of those: for an hour), sound, images; reasoning, sound, images.
struct token_buckets {
  std::int64_t uncached = 0, cached = 0, cache_written = 0, cache_written_1h = 0, audio_prompt = 0, image_prompt = 0;
  std::int64_t completion = 0, reasoning = 0, audio_completion = 0, image_completion = 0;
};
[[nodiscard]] token_buckets buckets_of(const usage& used) noexcept;

/// What one image of that kind costs at most: its variant's price, else that of its size, else that of any image, else
/// the dearest of all variants; pixels are the variant's where it names them. Nothing when images have no price.
[[nodiscard]] std::optional<money> image_price(const price& rates, std::string_view variant) noexcept;

/// What `used` costs at `rates`: each bucket at its own price, what is not counted in tokens besides. Unknown prices
/// count as nothing. Exact but for one rounding to a nano-dollar at the end; saturates at the largest money.
///
/// Price lists often give one price in two forms; what an answer says decides which of them is charged, never both:
/// images made by their tokens where it counts those and they have a price, else by the piece; sound by its tokens
/// where it counts those and they have a price, else by the second.
[[nodiscard]] money cost_of(const usage& used, const price& rates) noexcept;

}  // namespace spidergate::model
