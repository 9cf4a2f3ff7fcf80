#pragma once
#include "declaration.hpp"

#include <spidergate/config/load.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::config {

/// What a config file says, not yet compared with what is allowed.
struct file_contents {
  struct entry {
    const declaration* what;
    raw_value raw;
    std::string where;  ///< "config/spidergate.yaml:12"
  };
  std::vector<entry> entries;
  catalogue::overlay overlay;
  std::vector<effective_value> overlay_values;  ///< the overlay as it is shown
  std::map<std::string, std::string> places;    ///< key -> where, of everything in the overlay
};

/// Reads YAML. `shown_path` is how faults call the file; they are added to `faults`, and what is faultless is returned
/// all the same.
[[nodiscard]] file_contents read_file_text(const std::string& shown_path, const std::string& text,
                                           std::vector<fault>& faults);

}  // namespace spidergate::config
