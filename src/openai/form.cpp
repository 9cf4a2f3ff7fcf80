#include "request_builder.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/core/utf8.hpp>

#include <array>
#include <charconv>
#include <cmath>

/// The fields of transcriptions and translations, which come as a form.
namespace spidergate::openai {

using model::api_errc;
using model::endpoint;

namespace {

// Sound of 6 kbit/s, the least that speech is squeezed to, at 32 tokens a second has 24 bytes to a token; half of that
// to be sure. Usual sound: 32 KB of 16 kHz samples, or 8 KB of MP3, to 10 tokens.
constexpr std::size_t usual_bytes_per_token = 192;
constexpr std::size_t fewest_bytes_per_token = 12;

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto length = utf8_sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace

/// The parts that we read. Given twice, two readers could take different ones for true, hence that is refused; all
/// others belong to the provider alone.
struct form_table {
  using b = request_builder;
  struct row {
    std::string_view name;
    bool (b::*read)(const model::form_part&, const path&);
  };
  static constexpr std::array rows{
      row{"model", &b::form_model},
      row{"file", &b::form_file},
      row{"stream", &b::form_stream},
      row{"temperature", &b::form_number},
      row{"prompt", &b::form_words},
      row{"language", &b::form_words},
      row{"response_format", &b::form_words},
      row{"spidergate_options", &b::form_gateway_options},
      row{"x-routing-hints", &b::form_routing_hints},
      row{"x-fallback-chain", &b::form_fallback_chain},
      row{"strict_params", &b::form_strict_params},
  };
};

bool request_builder::form() {
  for (const auto& part : request_.form) {
    if (!form_part(part)) return false;
  }
  const auto has = [this](std::string_view name) { return request_.find_part(name) != nullptr; };
  if (!has("model")) return missing(path("model"));
  // Some providers fetch the sound themselves.
  const bool elsewhere = has("url") || has("file_url");
  if (!has("file") && !elsewhere) return missing(path("file"));
  if (elsewhere) request_.unsized_media = true;
  request_.needs.audio = true;
  const auto sound = static_cast<std::size_t>(request_.sound_bytes);
  request_.estimated_prompt_tokens = static_cast<std::int64_t>((text_bytes_ + 2) / 3 + sound / usual_bytes_per_token);
  request_.most_prompt_tokens = static_cast<std::int64_t>(text_bytes_ + sound / fewest_bytes_per_token + 1);
  return true;
}

bool request_builder::form_part(const model::form_part& part) {
  for (std::size_t i = 0; i < form_table::rows.size(); ++i) {
    const auto& row = form_table::rows[i];
    const path at(row.name);
    if (row.name == part.name) {
      if ((seen_ & (std::uint64_t{1} << i)) != 0)
        return fail(api_errc::invalid_value, "Duplicate parameter: '" + at.text() + "' is given twice.", at);
      seen_ |= std::uint64_t{1} << i;
      return (this->*row.read)(part, at);
    }
    if (iequals(row.name, part.name)) {
      return fail(api_errc::invalid_value,
                  "Unrecognized parameter: '" + std::string(part.name) + "'. Did you mean '" + at.text() + "'?", at);
    }
  }
  text_bytes_ += part.content.size();
  return true;
}

bool request_builder::form_text(std::string_view text, const path& at) {
  if (!is_utf8(text)) return fail(api_errc::invalid_value, "Invalid '" + at.text() + "': it is not UTF-8.", at);
  text_bytes_ += text.size();
  return true;
}

bool request_builder::form_model(const model::form_part& part, const path& at) {
  return form_text(part.content, at) && model_text(std::string(part.content), at);
}

bool request_builder::form_file(const model::form_part& part, const path& at) {
  if (part.content.empty()) return fail(api_errc::invalid_value, "Invalid 'file': it is empty.", at);
  request_.sound_bytes = static_cast<std::int64_t>(part.content.size());
  return true;
}

bool request_builder::form_stream(const model::form_part& part, const path& at) {
  if (part.content != "true" && part.content != "false")
    return fail(api_errc::invalid_value, "Invalid value for 'stream': expected true or false.", at);
  // Translations have no streams: there it is a field like any other.
  request_.stream = part.content == "true" && request_.kind == endpoint::transcriptions;
  return true;
}

bool request_builder::form_number(const model::form_part& part, const path& at) {
  double number = 0;
  const auto* end = part.content.data() + part.content.size();
  const auto [stop, code] = std::from_chars(part.content.data(), end, number);
  if (code == std::errc{} && stop == end && std::isfinite(number)) return true;
  return fail(api_errc::invalid_value, "Invalid value for '" + at.text() + "': expected a number.", at);
}

bool request_builder::form_words(const model::form_part& part, const path& at) {
  return form_text(part.content, at);
}

/// A part that holds JSON, as the same field has it in a JSON body.
bool request_builder::form_json(std::string_view text, handler read, const path& at) {
  thread_local json::reader reader;
  if (!reader.read(text)) {
    return fail(api_errc::invalid_json,
                "The form's part '" + at.text() + "' is not valid JSON: " + reader.failure().message + " at " +
                    json::place_of(text, reader.failure().offset) + ".",
                at);
  }
  return reader.root().is_null() || (this->*read)(reader.root(), at);
}

bool request_builder::form_gateway_options(const model::form_part& part, const path& at) {
  return form_json(part.content, &request_builder::gateway_options, at);
}

bool request_builder::form_routing_hints(const model::form_part& part, const path& at) {
  return form_json(part.content, &request_builder::routing_hints, at);
}

bool request_builder::form_fallback_chain(const model::form_part& part, const path& at) {
  return form_json(part.content, &request_builder::fallback_chain, at);
}

bool request_builder::form_strict_params(const model::form_part& part, const path& at) {
  return form_json(part.content, &request_builder::strict_params, at);
}

}  // namespace spidergate::openai
