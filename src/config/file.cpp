#include "file.hpp"

#include "yaml_reader.hpp"

#include <algorithm>

namespace spidergate::config {
namespace {

/// The names that may stand in a section: of its settings and of its inner sections.
std::vector<std::string_view> names_in(std::string_view section) {
  std::vector<std::string_view> names;
  for (const auto& declared : declarations()) {
    std::string_view rest = declared.key;
    if (!section.empty()) {
      if (!rest.starts_with(section) || rest.size() <= section.size() || rest[section.size()] != '.') continue;
      rest.remove_prefix(section.size() + 1);
    }
    const auto name = rest.substr(0, rest.find('.'));
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  if (section.empty())
    for (const std::string_view name : {"providers", "aliases", "rules"}) names.push_back(name);
  return names;
}

void read_setting(yaml_reader& in, const declaration& what, const YAML::Node& name, const YAML::Node& node) {
  const auto allowed = allowed_in_words(what);
  const std::string key(what.key);
  if (what.is_list()) {
    if (auto items = in.scalars(name, node, key, allowed))
      in.out().entries.push_back({&what, *std::move(items), in.where(name)});
  } else if (auto text = in.scalar(name, node, key, allowed)) {
    in.out().entries.push_back({&what, *std::move(text), in.where(name)});
  }
}

void read_section(yaml_reader& in, const std::string& section, const YAML::Node& node) {
  in.each_member(node, section, [&](const std::string& name, const YAML::Node& name_node, const YAML::Node& value) {
    const auto key = section.empty() ? name : section + '.' + name;
    if (key == "providers") return read_providers(in, value);
    if (key == "aliases") return read_aliases(in, value);
    if (key == "rules") return read_rules(in, value);
    if (name.find('.') != std::string::npos && !names_in(name.substr(0, name.find('.'))).empty())
      return in.add_fault(name_node, key, "is a path: write its parts as sections below one another");
    if (const auto* declared = find_declaration(key)) return read_setting(in, *declared, name_node, value);
    if (!names_in(key).empty()) return read_section(in, key, value);
    in.unknown_key(name_node, key, name, names_in(section));
  });
}

/// yaml-cpp takes some tabs and refuses others with words that help nobody.
bool indented_with_tabs(const std::string& shown_path, std::string_view text, std::vector<fault>& faults) {
  bool found = false;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto first = std::min(text.substr(0, end).find_first_not_of(" \t"), end);
    if (text.substr(0, first).find('\t') != std::string_view::npos && first < end) {
      faults.push_back(
          {shown_path + ':' + std::to_string(line), "", "a tab indents this line; YAML takes spaces only"});
      found = true;
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return found;
}

}  // namespace

file_contents read_file_text(const std::string& shown_path, const std::string& text, std::vector<fault>& faults) {
  file_contents contents;
  if (indented_with_tabs(shown_path, text, faults)) return contents;
  try {
    const auto documents = YAML::LoadAll(text);
    yaml_reader in(shown_path, contents, faults);
    if (documents.size() > 1) in.add_fault(documents[1], "", "the file holds more than one YAML document");
    if (!documents.empty()) read_section(in, "", documents[0]);
  } catch (const YAML::Exception& failure) {
    faults.push_back(
        {shown_path + ':' + std::to_string(failure.mark.line + 1), "", "this is not YAML: " + failure.msg});
  }
  return contents;
}

}  // namespace spidergate::config
