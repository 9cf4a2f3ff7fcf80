#include "../openai/openai_dialect.hpp"
#include "anthropic_dialect.hpp"

namespace spidergate::providers::anthropic {

/// Anthropic's errors differ from OpenAI's in nothing that the reading of those does not know.
provider_error anthropic_dialect::decode_error(int status, header_fields fields, std::string_view body) const {
  static const openai::openai_dialect shape;
  return shape.decode_error(status, fields, body);
}

}  // namespace spidergate::providers::anthropic
