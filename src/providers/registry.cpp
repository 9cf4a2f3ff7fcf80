#include "openai/openai_dialect.hpp"

#include <spidergate/core/ascii.hpp>
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

std::string_view credential::setting(std::string_view name) const noexcept {
  for (const auto& [known, value] : settings) {
    if (known == name) return value.reveal();
  }
  return {};
}

std::string_view find_header(header_fields fields, std::string_view name) noexcept {
  for (const auto& [known, value] : fields) {
    if (iequals(known, name)) return value;
  }
  return {};
}

boost::system::result<std::optional<token_request>, refusal> dialect::ask_token(const catalogue::provider&,
                                                                                const credential&, epoch_ms) const {
  return std::optional<token_request>();
}

boost::system::result<access_token, provider_error> dialect::read_token(int, std::string_view) const {
  throw std::logic_error("this dialect exchanges no credentials");
}

void throw_exception_from_error(const refusal& why, const boost::source_location&) {
  throw std::logic_error("the value of a refused request was asked for: " + why.message);
}

void throw_exception_from_error(const provider_error& error, const boost::source_location&) {
  throw std::logic_error("the value of a failed answer was asked for: " + error.message);
}

}  // namespace spidergate::providers
