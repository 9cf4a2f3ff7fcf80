#include "key_import.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/store/repositories.hpp>

#include <algorithm>
#include <fstream>
#include <optional>

namespace spidergate::app {

namespace {

/// A file's first line; nothing when it cannot be read.
std::optional<std::string> first_line_of(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return std::string(trim(line));
}

/// The first of a provider's variables that is set, with its value; NAME_FILE names a file that holds it.
std::pair<std::string, std::string> variable_of(const catalogue::provider& p,
                                                const std::map<std::string, std::string>& environment,
                                                std::vector<std::string>& faults) {
  std::vector<std::string> names{p.key_env};
  names.insert(names.end(), p.key_env_aliases.begin(), p.key_env_aliases.end());
  for (const auto& name : names) {
    const auto found = environment.find(name);
    if (!name.empty() && found != environment.end() && !found->second.empty()) return *found;
    const auto file = environment.find(name + "_FILE");
    if (name.empty() || file == environment.end() || file->second.empty()) continue;
    if (auto line = first_line_of(file->second)) return {name, std::move(*line)};
    faults.push_back(name + "_FILE: the file cannot be read");
  }
  return {};
}

const store::integration_record* earlier_import(const std::vector<store::integration_record>& rows,
                                                std::string_view provider, std::string_view source) {
  const auto found = std::find_if(rows.begin(), rows.end(),
                                  [&](const auto& row) { return row.provider == provider && row.source == source; });
  return found == rows.end() ? nullptr : &*found;
}

/// A key with api_key alone is what an environment variable can hold; providers that need more are configured by hand.
bool takes_one_key(const catalogue::provider& p) {
  const auto shape = vault::shape_of(p, "", true);
  return shape.required.empty() || (shape.required.size() == 1 && shape.required.front() == "api_key");
}

}  // namespace

result<std::vector<imported_key>> import_keys(sql::connection& on, const catalogue::catalogue& data,
                                              const std::map<std::string, std::string>& environment,
                                              const vault::sealing& how, std::int64_t now_us,
                                              std::vector<std::string>& faults) {
  const auto rows = store::integrations::list(on);
  if (!rows) return rows.error();
  std::vector<imported_key> imported;
  for (const auto& p : data.providers()) {
    const auto [variable, value] = variable_of(p, environment, faults);
    if (variable.empty() || !takes_one_key(p)) continue;
    const auto source = "env:" + variable;
    const std::vector<vault::credential_field> fields{{.name = "api_key", .value = secret_string(value)}};
    const auto* known = earlier_import(*rows, p.id, source);
    auto row = known != nullptr ? vault::reseal(how, *known, p, fields, now_us / 1000)
                                : vault::make_integration(how,
                                                          {.provider = p,
                                                           .brand_id = {},
                                                           .key_label = variable,
                                                           .credentials = fields,
                                                           .base_url = {},
                                                           .source = source},
                                                          now_us);
    if (!row) {
      faults.push_back(variable + ": " + row.error().message);
      continue;
    }
    if (known != nullptr && known->fingerprint == row->fingerprint && known->origin == row->origin) continue;
    if (known != nullptr) {
      if (const auto done = store::integrations::update(on, *row); !done) return done.error();
    } else if (const auto done = store::integrations::insert(on, *row); !done) {
      faults.push_back(variable + ": " + done.error().message());
      continue;
    }
    imported.push_back({.provider = p.id, .variable = variable, .replaced = known != nullptr});
  }
  return imported;
}

}  // namespace spidergate::app
