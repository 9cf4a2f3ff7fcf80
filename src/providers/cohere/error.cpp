#include "../openai/openai_dialect.hpp"
#include "cohere_dialect.hpp"

namespace spidergate::providers::cohere {

provider_error cohere_dialect::decode_error(int status, header_fields fields, std::string_view body) const {
  static const openai::openai_dialect shape;
  auto error = shape.decode_error(status, fields, body);
  const bool too_long = error.type == "TOO_MANY_TOKENS" || error.message.starts_with("too many tokens");
  if (status < 500 && too_long) error.kind = error_class::context_length;
  return error;
}

}  // namespace spidergate::providers::cohere
