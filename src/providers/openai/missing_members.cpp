#include "missing_members.hpp"

#include <spidergate/core/json_text.hpp>

namespace spidergate::providers::openai {

std::string missing_members(json::value root, std::string_view kind, const answer_input& in) {
  std::string added;
  if (!root.find("object").given()) added.append("\"object\":\"").append(kind).append("\",");
  if (!root.find("created").given()) added.append("\"created\":").append(std::to_string(in.now / 1000)).append(",");
  if (!root.find("model").given()) {
    const auto id = root.find("model_id");
    added.append("\"model\":");
    id.is(json::kind::string) ? void(added.append(id.raw())) : append_json_string(added, in.model);
    added.push_back(',');
  }
  return added;
}

void add_missing_members(json::value root, std::string_view kind, const answer_input& in, json::splice& edits) {
  auto added = missing_members(root, kind, in);
  if (!added.empty()) edits.insert(root.raw().data() + 1, std::move(added));
}

}  // namespace spidergate::providers::openai
