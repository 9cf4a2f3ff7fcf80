#pragma once
#include "declaration.hpp"

#include <spidergate/config/load.hpp>

#include <map>
#include <string>
#include <vector>

namespace spidergate::config {

/// What the environment says of a setting.
struct env_entry {
  const declaration* what;
  std::string text;
  env_form form;
  std::string origin;  ///< "environment DATABASE_URL"
};

/// Every setting that the environment gives, at most once each, SPIDERGATE_ names before others. Empty variables count
/// as not set. Notes unknown SPIDERGATE_ variables and unreadable NAME_FILE ones as faults.
[[nodiscard]] std::vector<env_entry> read_environment(const std::map<std::string, std::string>& environment,
                                                      std::vector<fault>& faults);

/// A whole small file; nothing when it cannot be read.
[[nodiscard]] std::optional<std::string> read_small_file(const std::string& path);

}  // namespace spidergate::config
