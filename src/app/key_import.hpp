#pragma once
#include <spidergate/catalogue/catalogue.hpp>
#include <spidergate/store/sql.hpp>
#include <spidergate/vault/new_integration.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace spidergate::app {

/// One provider key that the environment holds.
struct imported_key {
  std::string provider;
  std::string variable;   ///< its name only
  bool replaced = false;  ///< an earlier import's key had changed
};

/// Stores the provider keys found in the conventional environment variables (the catalogue's key_env) as pool
/// integrations: new ones are added, changed ones replaced, equal ones left alone (spec 3). Returns what changed. A
/// variable that cannot be used is named in `faults`.
[[nodiscard]] result<std::vector<imported_key>> import_keys(sql::connection& on, const catalogue::catalogue& data,
                                                            const std::map<std::string, std::string>& environment,
                                                            const vault::sealing& how, std::int64_t now_us,
                                                            std::vector<std::string>& faults);

}  // namespace spidergate::app
