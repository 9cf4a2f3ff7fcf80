#include "request_builder.hpp"

namespace spidergate::openai {

using model::api_errc;

namespace {

/// What the client wrote comes back in messages, but not by the megabyte.
std::string shortened(std::string text) {
  constexpr std::size_t longest = 1024;
  if (text.size() <= longest) return text;
  std::size_t end = longest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text + "…";
}

}  // namespace

bool request_builder::fail(api_errc code, std::string message, const path& at) {
  error_ = model::make_error(code, shortened(std::move(message)), shortened(at.text()));
  return false;
}

bool request_builder::wrong_type(json::value v, std::string_view expected, const path& at) {
  std::string message = "Invalid type for '" + at.text() + "': expected ";
  message.append(expected).append(", but got ").append(json::kind_name(v.kind())).append(" instead.");
  return fail(api_errc::invalid_value, std::move(message), at);
}

bool request_builder::missing(const path& at) {
  return fail(api_errc::missing_field, "Missing required parameter: '" + at.text() + "'.", at);
}

bool request_builder::integer(json::value v, std::int64_t low, std::int64_t high, std::int64_t& out, const path& at) {
  if (!v.is(json::kind::number)) return wrong_type(v, "an integer", at);
  const auto number = v.whole_number();
  if (!number) {
    const bool fraction = v.raw().find_first_of(".eE") != std::string_view::npos;
    return fail(api_errc::invalid_value,
                fraction
                    ? "Invalid type for '" + at.text() + "': expected an integer, but got a decimal number instead."
                    : "Invalid '" + at.text() + "': the integer does not fit into 64 bits.",
                at);
  }
  if (*number < low || *number > high) return out_of_range(*number, low, high, at);
  out = *number;
  return true;
}

bool request_builder::out_of_range(std::int64_t number, std::int64_t low, std::int64_t high, const path& at) {
  const bool below = number < low;
  return fail(api_errc::invalid_value,
              "Invalid '" + at.text() + "': integer " + (below ? "below minimum" : "above maximum") +
                  " value. Expected a value " + (below ? ">= " + std::to_string(low) : "<= " + std::to_string(high)) +
                  ", but got " + std::to_string(number) + " instead.",
              at);
}

bool request_builder::flag(json::value v, bool& out, const path& at) {
  const auto said = v.boolean();
  if (!said) return wrong_type(v, "a boolean", at);
  out = *said;
  return true;
}

bool request_builder::strings(json::value v, std::vector<std::string>& out, const path& at) {
  if (!v.is(json::kind::array)) return wrong_type(v, "an array of strings", at);
  std::size_t index = 0;
  for (const auto element : v.elements()) {
    if (!want(element, json::kind::string, at.element(index++))) return false;
    out.push_back(element.text());
  }
  return true;
}

bool request_builder::not_empty(json::value array, const path& at) {
  if (!array.empty()) return true;
  return fail(api_errc::invalid_value,
              "Invalid '" + at.text() +
                  "': empty array. Expected an array with minimum length 1, but got an empty array instead.",
              at);
}

}  // namespace spidergate::openai
