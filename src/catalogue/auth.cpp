#include <spidergate/catalogue/catalogue.hpp>

#include <array>

namespace spidergate::catalogue {
namespace {

struct named_style {
  std::string_view name;
  auth_style style;
};

constexpr std::array without_argument{
    named_style{"bearer", auth_style::bearer}, named_style{"none", auth_style::none},
    named_style{"sigv4", auth_style::sigv4},   named_style{"oci-signature", auth_style::oci_signature},
    named_style{"oauth2", auth_style::oauth2},
};
constexpr std::array with_argument{
    named_style{"header", auth_style::header},
    named_style{"query", auth_style::query},
    named_style{"scheme", auth_style::scheme},
};

/// A word that can stand in a header or a query as it is: the argument is written to the wire.
bool is_token(std::string_view text) {
  for (const char c : text) {
    const bool letter_or_digit = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter_or_digit && c != '-' && c != '_') return false;
  }
  return !text.empty();
}

}  // namespace

std::string callable_url(std::string filled) {
  constexpr std::string_view with_region = "https://global-aiplatform.googleapis.com/", region = "global-";
  if (filled.starts_with(with_region)) filled.erase(std::string_view("https://").size(), region.size());
  return filled;
}

std::optional<std::pair<auth_style, std::string>> parse_auth(std::string_view text) {
  for (const auto& [name, style] : without_argument)
    if (text == name) return std::pair{style, std::string{}};
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || !is_token(text.substr(colon + 1))) return std::nullopt;
  for (const auto& [name, style] : with_argument)
    if (text.substr(0, colon) == name) return std::pair{style, std::string(text.substr(colon + 1))};
  return std::nullopt;
}

}  // namespace spidergate::catalogue
