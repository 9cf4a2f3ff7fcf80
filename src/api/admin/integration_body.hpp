#pragma once
#include "json_documents.hpp"

#include <spidergate/model/api_error.hpp>
#include <spidergate/store/records.hpp>
#include <spidergate/vault/credentials.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::api {

/// What a create or a merge patch of an integration says; absent members stay unset.
struct integration_body {
  std::optional<std::string> provider_name, key_label, base_url, scope;
  std::optional<std::vector<vault::credential_field>> credentials;
  std::optional<std::int64_t> daily_limit, minute_limit, priority;
  std::optional<epoch_ms> expires_at;
  std::optional<bool> is_primary, is_active;
  document_change prices;

  /// Applies everything but provider, base_url, scope and credentials.
  [[nodiscard]] std::optional<model::api_error> apply_to(store::integration_record& row) const;
};

/// Reads a JSON object; errors name the field.
[[nodiscard]] model::outcome<integration_body> read_integration_body(std::string_view json);

}  // namespace spidergate::api
