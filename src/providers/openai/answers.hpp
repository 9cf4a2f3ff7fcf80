#pragma once
#include "../error_reading.hpp"

#include <spidergate/json/reader.hpp>
#include <spidergate/json/value.hpp>
#include <spidergate/providers/dialect.hpp>

#include <string_view>

/// What is no answer, whatever was asked for.
namespace spidergate::providers::openai {

[[nodiscard]] bool looks_like_html(std::string_view content_type, std::string_view body);

/// Reads an answer with this thread's reader: its root, or why it is no JSON object.
[[nodiscard]] boost::system::result<json::value, provider_error> read_object(std::string_view content_type,
                                                                             std::string_view body);

/// Status 200, and an error all the same.
[[nodiscard]] provider_error in_band(json::value root);

}  // namespace spidergate::providers::openai
