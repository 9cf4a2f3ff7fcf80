#include "model_traits.hpp"

#include <algorithm>

namespace spidergate::providers::gemini {

namespace {

bool holds(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// "3.5-flash" is 35, "3-flash" 30; 0 without a number.
int version_in(std::string_view text) {
  if (text.empty() || !is_digit(text[0])) return 0;
  int version = 10 * (text[0] - '0');
  if (text.size() > 2 && text[1] == '.' && is_digit(text[2])) version += text[2] - '0';
  return version;
}

int version_behind(std::string_view model, std::string_view family) {
  const auto found = model.find(family);
  return found == std::string_view::npos ? 0 : version_in(model.substr(found + family.size()));
}

}  // namespace

model_traits traits_of(std::string_view model) noexcept {
  model_traits traits;
  traits.gemma = holds(model, "gemma-");
  traits.imagen = holds(model, "imagen-") || holds(model, "imagegeneration");
  const int version = version_behind(model, traits.gemma ? "gemma-" : "gemini-");
  if (version != 0) traits.generation = version;
  traits.pro = holds(model, "-pro");
  traits.lite = holds(model, "-lite");
  const bool special = holds(model, "-image") || holds(model, "-tts") || holds(model, "robotics");
  traits.thinks = traits.generation >= 25 && !traits.gemma && !traits.imagen && (!special || traits.generation >= 30);
  return traits;
}

}  // namespace spidergate::providers::gemini
