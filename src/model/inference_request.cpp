#include <spidergate/model/inference_request.hpp>

namespace spidergate::model {

std::string_view endpoint_name(endpoint e) noexcept {
  switch (e) {
    case endpoint::chat:
      return "chat";
    case endpoint::completions:
      return "completions";
    case endpoint::embeddings:
      return "embeddings";
    case endpoint::moderations:
      return "moderations";
    case endpoint::images:
      return "images";
    case endpoint::speech:
      return "speech";
    case endpoint::transcriptions:
      return "transcriptions";
    case endpoint::translations:
      return "translations";
    case endpoint::rerank:
      return "rerank";
  }
  return "chat";
}

const body_member* inference_request::find(std::string_view name) const noexcept {
  for (const auto& member : members)
    if (member.name == name) return &member;
  return nullptr;
}

const form_part* inference_request::find_part(std::string_view name) const noexcept {
  for (const auto& part : form)
    if (part.name == name) return &part;
  return nullptr;
}

}  // namespace spidergate::model
