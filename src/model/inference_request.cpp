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
  }
  return "chat";
}

const body_member* inference_request::find(std::string_view name) const noexcept {
  for (const auto& member : members)
    if (member.name == name) return &member;
  return nullptr;
}

}  // namespace spidergate::model
