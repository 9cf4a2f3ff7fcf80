#include "../wire_headers.hpp"
#include "azure_openai_dialect.hpp"

#include <algorithm>
#include <optional>

namespace spidergate::providers::azure_openai {

namespace {

using model::endpoint;

/// A base path taken apart.
struct address {
  std::string_view path;   ///< without a slash at its end
  std::string_view query;  ///< without '?'
};

address address_of(std::string_view base_path) {
  const std::size_t mark = std::min(base_path.find('?'), base_path.size());
  address at{base_path.substr(0, mark), base_path.substr(std::min(mark + 1, base_path.size()))};
  while (at.path.ends_with('/')) at.path.remove_suffix(1);
  return at;
}

/// What the query says of the version, as it is written there.
std::string_view version_in(std::string_view query) {
  constexpr std::string_view name = "api-version=";
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto field = query.substr(0, end);
    if (field.starts_with(name)) return field.substr(name.size());
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return {};
}

std::string_view version_of(const encode_input& in, const address& at) {
  if (const auto set = in.secret.setting("api_version"); !set.empty()) return set;
  if (const auto said = version_in(at.query); !said.empty()) return said;
  return at.path.ends_with("/v1") ? "v1" : azure_openai_dialect::default_api_version;
}

bool is_v1(const encode_input& in, const address& at) {
  const auto version = version_of(in, at);
  return version == "v1" || version == "preview" || version == "latest" || at.path.ends_with("/v1");
}

std::string_view deployment_of(const encode_input& in) {
  const auto set = in.secret.setting("deployment");
  return set.empty() ? in.model : set;
}

void append_version(std::string& target, const encode_input& in, const address& at, bool v1) {
  const auto version = version_of(in, at);
  std::string query(at.query);
  // The v1 form has no versions but the promise of what is to come.
  const bool wanted =
      v1 ? version == "preview" : version_in(at.query).empty() || !in.secret.setting("api_version").empty();
  if (wanted) {
    const auto old = version_in(at.query);
    if (!old.empty()) {
      query.replace(static_cast<std::size_t>(old.data() - at.query.data()), old.size(), version);
    } else {
      query.append(query.empty() ? "" : "&").append("api-version=");
      append_percent_encoded(query, version);
    }
  }
  if (!query.empty()) target.append("?").append(query);
}

}  // namespace

bool is_access_token(std::string_view key) noexcept {
  return key.starts_with("eyJ") && std::count(key.begin(), key.end(), '.') == 2;
}

void append_azure_credential(std::string& headers, const encode_input& in) {
  const auto key = in.secret.key.reveal();
  if (is_access_token(key))
    append_header(headers, "authorization", "Bearer ", key);
  else
    append_credential(headers, in.provider, in.secret);
}

bool azure_openai_dialect::serves(endpoint kind) const noexcept {
  return kind != endpoint::moderations && kind != endpoint::rerank;
}

std::string azure_openai_dialect::target_of(const encode_input& in) const {
  const auto at = address_of(in.base_path);
  const bool v1 = is_v1(in, at);
  std::string target(at.path);
  const bool named = at.path.find("/deployments/") != std::string_view::npos;
  if (!named && at.path.find("/openai") == std::string_view::npos) target.append("/openai");
  if (v1 && !named) {
    if (!at.path.ends_with("/v1")) target.append("/v1");
  } else if (!named) {
    target.append("/deployments/");
    append_percent_encoded(target, deployment_of(in));
  }
  target.append(openai::path_of(in.asked.kind));
  append_version(target, in, at, v1 && !named);
  return target;
}

void azure_openai_dialect::append_own_headers(std::string& headers, const encode_input& in) const {
  append_azure_credential(headers, in);
}

std::string_view azure_openai_dialect::model_in_body(const encode_input& in) const {
  return deployment_of(in);
}

}  // namespace spidergate::providers::azure_openai
