#include "claude_model.hpp"

#include <spidergate/core/ascii.hpp>

#include <array>
#include <charconv>

namespace spidergate::providers::anthropic {

namespace {

enum class family : std::uint8_t { unknown, haiku, sonnet, opus, fable };

/// "claude-opus-4-8" is opus 408, "claude-3-7-sonnet" sonnet 307; 0 where the name says no version.
struct named {
  family of = family::unknown;
  int version = 0;
};

family family_called(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, family>, 5> known{{{"haiku", family::haiku},
                                                                      {"sonnet", family::sonnet},
                                                                      {"opus", family::opus},
                                                                      {"fable", family::fable},
                                                                      {"mythos", family::fable}}};
  for (const auto& [name, is] : known) {
    if (word == name) return is;
  }
  return family::unknown;
}

/// The number of a word of one or two digits, else nothing: longer ones are dates.
int version_part(std::string_view word) {
  if (word.empty() || word.size() > 2) return -1;
  int number = -1;
  const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), number);
  return failure == std::errc{} && end == word.data() + word.size() ? number : -1;
}

named read_name(std::string_view id) {
  const std::string lower = to_lower(id);
  const auto start = lower.find("claude");
  if (start == std::string::npos) return {};
  std::string_view rest = std::string_view(lower).substr(start + 6);
  named is;
  int major = -1, minor = -1;
  while (!rest.empty()) {
    const auto end = std::min(rest.find_first_of("-.@_:/"), rest.size());
    const auto word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const int number = version_part(word);
    if (number >= 0 && major < 0) {
      major = number;
    } else if (number >= 0 && minor < 0) {
      minor = number;
    } else if (is.of == family::unknown) {
      is.of = family_called(word);
    } else if (word.size() > 2 && number < 0) {
      break;  // a date, or what else comes behind the version
    }
  }
  if (major >= 0) is.version = major * 100 + std::max(minor, 0);
  return is;
}

}  // namespace

claude_model describe(std::string_view id, const catalogue::model_entry* entry) {
  const named is = read_name(id);
  claude_model can;
  if (is.of == family::unknown || is.version == 0) {
    can.thinks = can.budgets = entry != nullptr && entry->reasoning;
  } else {
    const bool fifth = is.version >= 500;
    const bool opus = is.of == family::opus;
    const bool after_budgets = fifth || (opus && is.version >= 407);
    can.thinks = is.version >= 307 && !(is.of == family::haiku && is.version < 405);
    can.adaptive = fifth || (is.version >= 406 && is.of != family::haiku);
    can.budgets = can.thinks && !after_budgets;
    can.thinks_unasked = fifth;
    can.always_thinks = is.of == family::fable;
    can.no_forced_tools = is.of == family::fable && is.version >= 501;
    can.no_sampling = after_budgets;
    can.one_sampling_only = is.version >= 405 || (opus && is.version >= 401);
    can.effort_xhigh = after_budgets;
    can.effort_max = can.adaptive;
    can.structured_outputs = is.version >= 405;
    can.default_max_tokens = is.version >= 305 ? 8192 : 4096;
  }
  if (entry != nullptr && entry->no_temperature) can.no_sampling = true;
  return can;
}

}  // namespace spidergate::providers::anthropic
