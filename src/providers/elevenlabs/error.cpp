#include "elevenlabs_dialect.hpp"

namespace spidergate::providers::elevenlabs {

// elevenlabs.io/docs/api-reference/errors: {"detail":{"status":"quota_exceeded","message":…}}; the status of the answer
// does not tell a wrong key from a used-up one.
provider_error elevenlabs_dialect::decode_error(int status, header_fields fields, std::string_view body) const {
  auto error = openai_dialect::decode_error(status, fields, body);
  const auto says = [&error](std::string_view word) { return error.type == word || error.code == word; };
  if (says("quota_exceeded") || says("too_many_concurrent_requests")) error.kind = error_class::rate_limited;
  if (says("system_busy")) error.kind = error_class::overloaded;
  if (says("voice_not_found") || says("invalid_voice_id")) {
    error.kind = error_class::request_fault;
    error.param = "voice";
  }
  if (says("model_not_found") || says("invalid_model_id")) error.kind = error_class::no_such_model;
  return error;
}

}  // namespace spidergate::providers::elevenlabs
