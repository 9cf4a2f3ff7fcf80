#include "../azure_openai/azure_openai_dialect.hpp"
#include "../wire_headers.hpp"
#include "azure_ai_dialect.hpp"

#include <algorithm>

namespace spidergate::providers::azure_ai {

using model::endpoint;

bool azure_ai_dialect::serves(endpoint kind) const noexcept {
  return kind == endpoint::chat || kind == endpoint::embeddings || kind == endpoint::rerank || kind == endpoint::images;
}

std::string azure_ai_dialect::target_of(const encode_input& in) const {
  const std::size_t mark = std::min(in.base_path.find('?'), in.base_path.size());
  auto path = in.base_path.substr(0, mark);
  const auto query = in.base_path.substr(std::min(mark + 1, in.base_path.size()));
  while (path.ends_with('/')) path.remove_suffix(1);
  std::string target;
  auto resource = path;
  if (resource.ends_with("/models")) resource.remove_suffix(std::string_view("/models").size());
  if (in.asked.kind == endpoint::rerank) return target.append(resource).append("/providers/cohere/v2/rerank");
  if (in.asked.kind == endpoint::images) {
    append_percent_encoded(target.append(resource).append("/openai/deployments/"), in.model);
    target.append(openai::path_of(in.asked.kind)).append("?api-version=");
    return target.append(azure_openai::azure_openai_dialect::default_api_version);
  }
  target.append(path).append(openai::path_of(in.asked.kind)).push_back('?');
  if (!query.empty()) target.append(query);
  if (query.find("api-version=") == std::string_view::npos) {
    const auto set = in.secret.setting("api_version");
    if (!query.empty()) target.push_back('&');
    append_percent_encoded(target.append("api-version="), set.empty() ? default_api_version : set);
  }
  return target;
}

void azure_ai_dialect::append_own_headers(std::string& headers, const encode_input& in) const {
  azure_openai::append_azure_credential(headers, in);
  // By default what Azure itself does not know is refused; the model may well know it.
  if (in.asked.kind == endpoint::chat) headers.append("extra-parameters: pass-through\r\n");
}

}  // namespace spidergate::providers::azure_ai
