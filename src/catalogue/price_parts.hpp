#pragma once
#include <spidergate/model/usage.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace spidergate::catalogue {

/// A part of a price by the name that the config file and price overrides give it; one of the members is set.
struct price_part {
  std::string_view name;
  std::optional<unit_price> model::price::* per_unit = nullptr;  ///< dollars per million of it
  std::optional<money> model::price::* whole = nullptr;          ///< dollars
  std::optional<unit_price> model::price::* each = nullptr;      ///< dollars for one second or character
  std::optional<pixel_price> model::price::* pixel = nullptr;    ///< dollars for one pixel
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
    price_part{.name = "cache_write_1h_per_mtok_usd", .per_unit = &model::price::cache_write_1h},
    price_part{.name = "image_input_per_mtok_usd", .per_unit = &model::price::image_input},
    price_part{.name = "image_output_per_mtok_usd", .per_unit = &model::price::image_output},
    price_part{.name = "per_second_in_usd", .each = &model::price::per_second_in},
    price_part{.name = "per_second_out_usd", .each = &model::price::per_second_out},
    price_part{.name = "per_character_in_usd", .each = &model::price::per_character_in},
    price_part{.name = "per_character_out_usd", .each = &model::price::per_character_out},
    price_part{.name = "per_pixel_usd", .pixel = &model::price::per_pixel},
    price_part{.name = "per_search_usd", .whole = &model::price::per_search},
    price_part{.name = "per_web_search_usd", .whole = &model::price::per_web_search},
};

/// Sets a part to a plain decimal, or says what is wrong with the text ("'x' is not a price …").
[[nodiscard]] std::optional<std::string> set_part(model::price& of, const price_part& part, std::string_view usd);

}  // namespace spidergate::catalogue
