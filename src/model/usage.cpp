#include <spidergate/core/ascii.hpp>
#include <spidergate/model/usage.hpp>

#include <algorithm>
#include <limits>

namespace spidergate::model {
namespace {

using maybe_price = std::optional<unit_price>;

void replace_if_given(maybe_price& base, const maybe_price& given) {
  if (given) base = given;
}

/// What each bucket of tokens is charged at.
struct token_prices {
  maybe_price input, output, cache_read, cache_write, cache_write_1h, reasoning;
  maybe_price audio_input, audio_output, image_input, image_output;
};

/// The prices of the whole request: those of the highest tier that its prompt has left behind, over the base; where a
/// part of the tokens has no price of its own, that of the whole.
token_prices prices_for(std::int64_t prompt, const price& rates) {
  token_prices chosen{rates.input,     rates.output,      rates.cache_read,   rates.cache_write, rates.cache_write_1h,
                      rates.reasoning, rates.audio_input, rates.audio_output, rates.image_input, rates.image_output};
  const price::tier* reached = nullptr;
  for (const auto& tier : rates.tiers)
    if (prompt > tier.above_tokens) reached = &tier;
  if (reached != nullptr) {
    replace_if_given(chosen.input, reached->input);
    replace_if_given(chosen.output, reached->output);
    replace_if_given(chosen.cache_read, reached->cache_read);
    replace_if_given(chosen.cache_write, reached->cache_write);
  }
  const auto fall_back = [](maybe_price& part, const maybe_price& whole) {
    if (!part) part = whole;
  };
  fall_back(chosen.cache_read, chosen.input);
  fall_back(chosen.cache_write, chosen.input);
  fall_back(chosen.cache_write_1h, chosen.cache_write);
  fall_back(chosen.audio_input, chosen.input);
  fall_back(chosen.image_input, chosen.input);
  fall_back(chosen.reasoning, chosen.output);
  fall_back(chosen.audio_output, chosen.output);
  fall_back(chosen.image_output, chosen.output);
  return chosen;
}

/// Takes at most `wanted` out of `rest`.
std::int64_t take(std::int64_t& rest, std::int64_t wanted) {
  const auto taken = std::clamp<std::int64_t>(wanted, 0, rest);
  rest -= taken;
  return taken;
}

std::int64_t times(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<std::int64_t>::max() : product;
}

/// "1024x1536" at the end of a variant, or in front of "_50steps".
std::string_view size_in(std::string_view variant) {
  constexpr std::string_view digits = "0123456789";
  for (auto x = variant.find('x'); x != std::string_view::npos; x = variant.find('x', x + 1)) {
    const auto before = variant.find_last_not_of(digits, x == 0 ? 0 : x - 1);
    const auto begin = x == 0 ? x : before == std::string_view::npos ? 0 : before + 1;
    const auto end = std::min(variant.find_first_not_of(digits, x + 1), variant.size());
    if (begin < x && end > x + 1) return variant.substr(begin, end - begin);
  }
  return {};
}

std::int64_t pixels_of(std::string_view variant) {
  const auto size = size_in(variant);
  const auto x = size.find('x');
  if (x == std::string_view::npos) return 0;
  return times(parse_integer<std::int64_t>(size.substr(0, x)).value_or(0),
               parse_integer<std::int64_t>(size.substr(x + 1)).value_or(0));
}

money piece_price(const std::optional<money>& whole, const std::optional<pixel_price>& pixel, std::int64_t pixels) {
  if (whole) return *whole;
  cost_sum sum;
  sum.add_pixels(pixels, pixel.value_or(pixel_price{}));
  return sum.total();
}

const price::image_rate* rate_of(const price& rates, std::string_view variant) {
  const auto named = [&rates](std::string_view name) -> const price::image_rate* {
    const auto at = std::find_if(rates.image_rates.begin(), rates.image_rates.end(),
                                 [name](const price::image_rate& r) { return r.variant == name; });
    return name.empty() || at == rates.image_rates.end() ? nullptr : &*at;
  };
  const auto* exact = named(variant);
  return exact != nullptr ? exact : named(size_in(variant));
}

bool images_have_a_price(const price& rates) {
  return rates.per_image || rates.per_pixel || !rates.image_rates.empty();
}

/// By the piece or by the pixel, whichever the rates know. Tokens of images are of one image at least.
void add_images(cost_sum& sum, const usage& used, const price& rates) {
  const auto images = std::max<std::int64_t>(used.images, used.image_completion > 0 ? 1 : 0);
  const auto* rate = rate_of(rates, used.image_variant);
  const auto& per_image = rate != nullptr ? rate->per_image : rates.per_image;
  const auto& per_pixel = rate != nullptr ? rate->per_pixel : rates.per_pixel;
  if (per_image) {
    sum.add(money{times(images, per_image->nano_usd)});
  } else if (per_pixel) {
    const auto pixels = used.pixels > 0 ? used.pixels : times(images, pixels_of(used.image_variant));
    sum.add_pixels(pixels, *per_pixel);
  } else if (const auto dearest = image_price(rates, used.image_variant)) {
    sum.add(money{times(images, dearest->nano_usd)});
  }
}

}  // namespace

std::int64_t usage::total() const noexcept {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(prompt, completion, &sum)) return sum;
  return prompt > 0 ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
}

bool price::known() const noexcept {
  const bool by_unit = input || output || per_second_in || per_second_out || per_character_in || per_character_out ||
                       image_output || audio_output;
  return by_unit || per_request || per_search || images_have_a_price(*this);
}

token_buckets buckets_of(const usage& used) noexcept {
  token_buckets in;
  in.uncached = std::max<std::int64_t>(used.prompt, 0);
  in.cached = take(in.uncached, used.cached);
  in.cache_written = take(in.uncached, used.cache_written);
  in.cache_written_1h = take(in.cache_written, used.cache_written_1h);
  in.audio_prompt = take(in.uncached, used.audio_prompt);
  in.image_prompt = take(in.uncached, used.image_prompt);
  in.completion = std::max<std::int64_t>(used.completion, 0);
  in.reasoning = take(in.completion, used.reasoning);
  in.audio_completion = take(in.completion, used.audio_completion);
  in.image_completion = take(in.completion, used.image_completion);
  return in;
}

std::optional<money> image_price(const price& rates, std::string_view variant) noexcept {
  if (!images_have_a_price(rates)) return std::nullopt;
  if (const auto* rate = rate_of(rates, variant))
    return piece_price(rate->per_image, rate->per_pixel, pixels_of(rate->variant));
  if (rates.per_image || rates.per_pixel) return piece_price(rates.per_image, rates.per_pixel, pixels_of(variant));
  money dearest;
  for (const auto& rate : rates.image_rates)
    dearest = std::max(dearest, piece_price(rate.per_image, rate.per_pixel, pixels_of(rate.variant)));
  return dearest;
}

money cost_of(const usage& used, const price& rates) noexcept {
  const auto in = buckets_of(used);
  const auto prices = prices_for(used.prompt, rates);
  const bool images_by_token = used.image_completion > 0 && (rates.image_output || !images_have_a_price(rates));
  const bool sound_in_by_token = used.audio_prompt > 0 && (rates.audio_input || rates.input);
  const bool sound_out_by_token = used.audio_completion > 0;
  cost_sum sum;
  const auto add = [&sum](std::int64_t units, const maybe_price& each) {
    if (units != 0 && each) sum.add(units, *each);
  };
  add(in.uncached, prices.input), add(in.cached, prices.cache_read);
  add(in.cache_written, prices.cache_write), add(in.cache_written_1h, prices.cache_write_1h);
  add(in.audio_prompt, prices.audio_input), add(in.image_prompt, prices.image_input);
  add(in.completion, prices.output), add(in.reasoning, prices.reasoning);
  add(in.audio_completion, prices.audio_output);
  if (images_by_token)
    add(in.image_completion, prices.image_output);
  else if (images_have_a_price(rates))
    add_images(sum, used, rates);
  const auto count = [](std::int64_t said) { return std::max<std::int64_t>(said, 0); };
  const auto seconds = [&](std::int64_t ms, const maybe_price& each) {
    if (ms > 0 && each) sum.add_milliseconds(ms, *each);
  };
  if (!sound_in_by_token) seconds(used.audio_ms_in, rates.per_second_in);
  if (!sound_out_by_token) seconds(used.audio_ms_out, rates.per_second_out);
  add(count(used.characters_in), rates.per_character_in), add(count(used.characters_out), rates.per_character_out);
  const auto pieces = [&](std::int64_t number, const std::optional<money>& each) {
    if (each) sum.add(money{times(count(number), each->nano_usd)});
  };
  pieces(used.searches, rates.per_search), pieces(used.web_searches, rates.per_web_search);
  sum.add(rates.per_request.value_or(money{}));
  return sum.total();
}

}  // namespace spidergate::model
