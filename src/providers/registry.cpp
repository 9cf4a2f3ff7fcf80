#include "openai/openai_dialect.hpp"

#include <spidergate/providers/dialect.hpp>

#include <stdexcept>

namespace spidergate::providers {

namespace {

const openai::openai_dialect openai_instance;

}  // namespace

const dialect* find_dialect(std::string_view name) noexcept {
  return name == openai_instance.name() ? &openai_instance : nullptr;
}

const std::vector<std::string_view>& known_dialects() {
  static const std::vector<std::string_view> names{openai_instance.name()};
  return names;
}

void throw_exception_from_error(const provider_error& error, const boost::source_location&) {
  throw std::logic_error("the value of a failed answer was asked for: " + error.message);
}

}  // namespace spidergate::providers
