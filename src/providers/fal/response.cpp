#include "../media/picture.hpp"
#include "../openai/answers.hpp"
#include "fal_dialect.hpp"

namespace spidergate::providers::fal {

namespace {

/// False where data were asked for and a link came.
bool add(json::value image, bool wants_data, media::picture_list& list) {
  const auto url = image.is(json::kind::string) ? image.literal() : image.find("url").literal();
  if (url.empty()) return true;
  if (const auto data = media::base64_of_data_url(url); data && wants_data) {
    list.add_base64(*data);
  } else if (wants_data) {
    return false;
  } else {
    list.add_url(url);
  }
  list.measured(image.find("width").whole_number().value_or(0), image.find("height").whole_number().value_or(0));
  return true;
}

}  // namespace

boost::system::result<std::variant<client_answer, follow_up>, provider_error> fal_dialect::decode(
    const answer_input& in, std::string_view content_type, std::string_view body) const {
  const auto read = openai::read_object(content_type, json::without_bom(body));
  if (!read) return read.error();
  const auto root = *read;
  const auto* format = in.asked.find("response_format");
  const bool wants_data = format != nullptr && format->value == "\"b64_json\"";
  media::picture_list list(in);
  bool sound = true;
  for (const auto image : root.find("images").elements()) sound = add(image, wants_data, list) && sound;
  if (const auto image = root.find("image"); image.given()) sound = add(image, wants_data, list) && sound;
  if (!sound) return not_an_answer("The provider gave links to images in place of their data.");
  if (list.count() == 0) {
    if (looks_like_error(root)) return openai::in_band(root);
    return not_an_answer("The provider's answer holds no images.");
  }
  return std::variant<client_answer, follow_up>(list.finish());
}

// docs.fal.ai/model-apis/errors: {"detail":[{"loc","msg","type"}]}, or a sentence as `detail`.
provider_error fal_dialect::decode_error(int status, header_fields fields, std::string_view body) const {
  auto error = openai_dialect::decode_error(status, fields, body);
  // An account without money is locked, which answers 403 as a wrong key does.
  if (error.message.find("xhausted balance") != std::string::npos) error.kind = error_class::rate_limited;
  return error;
}

}  // namespace spidergate::providers::fal
