#include "../media/picture.hpp"
#include "../openai/answers.hpp"
#include "stability_dialect.hpp"

namespace spidergate::providers::stability {

namespace {

/// {"id","name","errors":["…"]}
void name_error(json::value root, provider_error& error) {
  if (const auto name = root.find("name"); name.is(json::kind::string)) error.code = presentable(name.text());
  if (error.code == "content_moderation") error.kind = error_class::request_fault;
}

}  // namespace

boost::system::result<std::variant<client_answer, follow_up>, provider_error> stability_dialect::decode(
    const answer_input& in, std::string_view content_type, std::string_view body) const {
  const auto read = openai::read_object(content_type, json::without_bom(body));
  if (!read) return read.error();
  const auto root = *read;
  // The image is blurred then; nobody wants to pay for that unknowingly.
  if (root.find("finish_reason").literal() == "CONTENT_FILTERED") {
    provider_error error;
    error.kind = error_class::request_fault;
    error.status = 400;
    error.code = "content_filter";
    error.message = "The provider's filter held the image back (CONTENT_FILTERED).";
    return error;
  }
  const auto image = root.find("image");
  if (image.literal().empty()) {
    if (looks_like_error(root)) return openai::in_band(root);
    return not_an_answer("The provider's answer holds no 'image'.");
  }
  media::picture_list list(in);
  list.add_base64(image.literal());
  return std::variant<client_answer, follow_up>(list.finish());
}

provider_error stability_dialect::decode_error(int status, header_fields fields, std::string_view body) const {
  auto error = openai_dialect::decode_error(status, fields, body);
  auto& reader = openai::thread_reader();
  if (reader.read(json::without_bom(body), json::surrogates::any)) name_error(reader.root(), error);
  return error;
}

}  // namespace spidergate::providers::stability
