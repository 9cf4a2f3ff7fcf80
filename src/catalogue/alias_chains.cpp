#include "overlay.hpp"

#include <algorithm>
#include <map>

namespace spidergate::catalogue {
namespace {

using fault = std::optional<std::string>;

/// Walks chains depth first. `path` holds the aliases that are being walked: meeting one of them again is a cycle.
class flattener {
 public:
  explicit flattener(const tables& data) : data_(data) {
    for (const auto& alias : data.aliases) by_name_.emplace(alias.name, &alias);
  }

  fault flatten(const alias_entry& alias, std::vector<std::string>& out) {
    const bool again = std::find(path_.begin(), path_.end(), alias.name) != path_.end();
    path_.push_back(alias.name);
    if (again) return "aliases." + path_.front() + ": leads back to itself: " + path_in_words();
    for (const auto& entry : alias.chain)
      if (auto wrong = append(alias, entry, out)) return wrong;
    path_.pop_back();
    return std::nullopt;
  }

 private:
  fault append(const alias_entry& alias, const std::string& entry, std::vector<std::string>& out) {
    if (const auto inner = by_name_.find(entry); inner != by_name_.end()) return flatten(*inner->second, out);
    const auto slash = entry.find('/');
    const auto provider = std::string_view{entry}.substr(0, slash);
    if (slash == std::string::npos || slash + 1 == entry.size())
      return "aliases." + alias.name + ": '" + entry + "' is neither an alias nor provider/model";
    if (find_sorted(data_.providers, provider) == nullptr)
      return "aliases." + alias.name + ": '" + entry + "' names no alias, and no provider '" + std::string(provider) +
             "' exists" + nearest_provider_hint(data_.providers, provider);
    if (std::find(out.begin(), out.end(), entry) == out.end()) out.push_back(entry);
    return std::nullopt;
  }

  std::string path_in_words() const {
    std::string words;
    for (const auto& name : path_) words += (words.empty() ? "" : " -> ") + name;
    return words;
  }

  const tables& data_;
  std::map<std::string_view, const alias_entry*> by_name_;
  std::vector<std::string> path_;
};

}  // namespace

fault flatten_aliases(tables& data) {
  std::vector<alias_entry> flat;
  flat.reserve(data.aliases.size());
  for (const auto& alias : data.aliases) {
    flattener walk(data);
    auto& made = flat.emplace_back();
    made.name = alias.name;
    made.from_config = alias.from_config;
    if (auto wrong = walk.flatten(alias, made.chain)) return wrong;
  }
  data.aliases = std::move(flat);
  return std::nullopt;
}

}  // namespace spidergate::catalogue
