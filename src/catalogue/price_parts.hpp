#pragma once
#include <spidergate/model/usage.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace spidergate::catalogue {

/// A part of a price by the name that the config file and price overrides give it; one of the two members is set.
struct price_part {
  std::string_view name;
  std::optional<unit_price> model::price::* per_unit = nullptr;
  std::optional<money> model::price::* whole = nullptr;
};

inline constexpr std::array price_parts{
    price_part{.name = "input_per_mtok_usd", .per_unit = &model::price::input},
    price_part{.name = "output_per_mtok_usd", .per_unit = &model::price::output},
    price_part{.name = "cache_read_per_mtok_usd", .per_unit = &model::price::cache_read},
    price_part{.name = "cache_write_per_mtok_usd", .per_unit = &model::price::cache_write},
    price_part{.name = "reasoning_per_mtok_usd", .per_unit = &model::price::reasoning},
    price_part{.name = "audio_input_per_mtok_usd", .per_unit = &model::price::audio_input},
    price_part{.name = "audio_output_per_mtok_usd", .per_unit = &model::price::audio_output},
    price_part{.name = "image_usd", .whole = &model::price::per_image},
    price_part{.name = "per_request_usd", .whole = &model::price::per_request},
};

/// Sets a part to a plain decimal, or says what is wrong with the text ("'x' is not a price …").
[[nodiscard]] std::optional<std::string> set_part(model::price& of, const price_part& part, std::string_view usd);

}  // namespace spidergate::catalogue
