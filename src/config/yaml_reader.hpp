#pragma once
#include "file.hpp"

#include <yaml-cpp/yaml.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::config {

/// Walks YAML nodes and notes what is wrong with them and where. Included by .cpp files only.
class yaml_reader {
 public:
  yaml_reader(std::string shown_path, file_contents& out, std::vector<fault>& faults)
      : path_(std::move(shown_path)), out_(out), faults_(faults) {}

  [[nodiscard]] std::string where(const YAML::Node& node) const;
  void add_fault(const YAML::Node& node, std::string key, std::string message);

  /// Calls `member` with each name and value of a map, after having refused names that are no text or come twice. Null
  /// is an empty map.
  void each_member(
      const YAML::Node& map, const std::string& key,
      const std::function<void(const std::string& name, const YAML::Node& name_node, const YAML::Node& value)>& member);
  /// A scalar's text; notes a fault at `name` when it is something else.
  std::optional<std::string> scalar(const YAML::Node& name, const YAML::Node& node, const std::string& key,
                                    std::string_view allowed);
  /// A list of scalars.
  std::optional<std::vector<std::string>> scalars(const YAML::Node& name, const YAML::Node& node,
                                                  const std::string& key, std::string_view allowed);

  /// "unknown key" with the nearest of those that are allowed, or all of them.
  void unknown_key(const YAML::Node& name_node, const std::string& key, std::string_view name,
                   const std::vector<std::string_view>& allowed);

  [[nodiscard]] file_contents& out() { return out_; }

 private:
  std::string path_;
  file_contents& out_;
  std::vector<fault>& faults_;
};

/// The sections that change the catalogue.
void read_providers(yaml_reader& in, const YAML::Node& section);
void read_aliases(yaml_reader& in, const YAML::Node& section);
void read_rules(yaml_reader& in, const YAML::Node& section);

}  // namespace spidergate::config
