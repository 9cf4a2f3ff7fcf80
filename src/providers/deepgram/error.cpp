#include "../error_reading.hpp"
#include "deepgram_dialect.hpp"

namespace spidergate::providers::deepgram {

// developers.deepgram.com/docs/errors: {"err_code","err_msg","request_id"} or {"category","message","details"}.
provider_error deepgram_dialect::decode_error(int status, header_fields fields, std::string_view body) const {
  auto error = openai_dialect::decode_error(status, fields, body);
  auto& reader = openai::thread_reader();
  if (!reader.read(json::without_bom(body), json::surrogates::any)) return error;
  const auto root = reader.root();
  if (const auto said = root.find("err_msg"); said.is(json::kind::string)) error.message = presentable(said.text());
  const auto code = root.find("err_code").exists() ? root.find("err_code") : root.find("category");
  if (error.code.empty()) error.code = presentable(code.text());
  error.kind = classify(error);
  if (error.message.find("No such model") != std::string::npos) error.kind = error_class::no_such_model;
  return error;
}

}  // namespace spidergate::providers::deepgram
