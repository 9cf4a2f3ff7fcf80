#include "yaml_reader.hpp"

#include <spidergate/core/nearest.hpp>

#include <set>

namespace spidergate::config {

std::string yaml_reader::where(const YAML::Node& node) const {
  return path_ + ':' + std::to_string(node.Mark().line + 1);
}

void yaml_reader::add_fault(const YAML::Node& node, std::string key, std::string message) {
  faults_.push_back({where(node), std::move(key), std::move(message)});
}

void yaml_reader::each_member(
    const YAML::Node& map, const std::string& key,
    const std::function<void(const std::string& name, const YAML::Node& name_node, const YAML::Node& value)>& member) {
  if (map.IsNull()) return;
  if (!map.IsMap()) return add_fault(map, key, "must be a section of `name: value` lines");
  std::set<std::string> seen;
  for (const auto& pair : map) {
    if (!pair.first.IsScalar()) {
      add_fault(pair.first, key, "a name must be a plain text");
      continue;
    }
    const auto& name = pair.first.Scalar();
    if (!seen.insert(name).second)
      add_fault(pair.first, (key.empty() ? "" : key + '.') + name, "is given twice");
    else
      member(name, pair.first, pair.second);
  }
}

std::optional<std::string> yaml_reader::scalar(const YAML::Node& name, const YAML::Node& node, const std::string& key,
                                               std::string_view allowed) {
  if (node.IsScalar()) return node.Scalar();
  const std::string found = node.IsNull() ? "has no value" : node.IsMap() ? "is a section" : "is a list";
  add_fault(name, key, found + "; allowed is " + std::string(allowed));
  return std::nullopt;
}

std::optional<std::vector<std::string>> yaml_reader::scalars(const YAML::Node& name, const YAML::Node& node,
                                                             const std::string& key, std::string_view allowed) {
  std::vector<std::string> texts;
  bool fine = node.IsSequence();
  if (fine)
    for (const auto& item : node) {
      fine = fine && item.IsScalar();
      if (fine) texts.push_back(item.Scalar());
    }
  if (fine) return texts;
  add_fault(name, key, "must be a list in brackets; allowed is " + std::string(allowed));
  return std::nullopt;
}

void yaml_reader::unknown_key(const YAML::Node& name_node, const std::string& key, std::string_view name,
                              const std::vector<std::string_view>& allowed) {
  std::string message = "unknown key";
  if (const auto nearest = nearest_names(name, allowed, 1); !nearest.empty()) {
    const auto dot = key.rfind('.');
    message += "; did you mean '" + (dot == std::string::npos ? "" : key.substr(0, dot + 1)) + nearest.front() + "'?";
  } else {
    message += "; allowed here are ";
    for (std::size_t i = 0; i < allowed.size(); ++i) message.append(i == 0 ? "" : ", ").append(allowed[i]);
  }
  add_fault(name_node, key, std::move(message));
}

}  // namespace spidergate::config
