#include "environment.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/core/nearest.hpp>

#include <algorithm>
#include <array>
#include <fstream>
#include <set>
#include <sstream>

namespace spidergate::config {
namespace {

/// Variables that other programs of the project read, or that clients of a gateway have.
constexpr std::array foreign_names{
    std::string_view{"SPIDERGATE_CONFIG"},  std::string_view{"SPIDERGATE_WIRE_DIR"}, std::string_view{"SPIDERGATE_BIN"},
    std::string_view{"SPIDERGATE_API_KEY"}, std::string_view{"SPIDERGATE_BASE_URL"},
};
constexpr std::array foreign_prefixes{
    std::string_view{"SPIDERGATE_TEST_"},
    std::string_view{"SPIDERGATE_E2E_"},
    std::string_view{"SPIDERGATE_BENCH_"},
};

/// Kubernetes sets such variables in every pod of a namespace that has a service named "spidergate".
bool is_of_kubernetes(std::string_view name, std::string_view value) {
  return name.starts_with("SPIDERGATE_SERVICE_") ||
         (name.starts_with("SPIDERGATE_PORT") && value.starts_with("tcp://")) ||
         (name.starts_with("SPIDERGATE_PORT_") && name.find("_TCP") != std::string_view::npos);
}

bool is_foreign(std::string_view name, std::string_view value) {
  return std::find(foreign_names.begin(), foreign_names.end(), name) != foreign_names.end() ||
         std::any_of(foreign_prefixes.begin(), foreign_prefixes.end(),
                     [name](auto prefix) { return name.starts_with(prefix); }) ||
         is_of_kubernetes(name, value);
}

class environment_reader {
 public:
  environment_reader(const std::map<std::string, std::string>& environment, std::vector<fault>& faults)
      : environment_(environment), faults_(faults) {}

  std::vector<env_entry> read() {
    std::vector<env_entry> entries;
    for (const auto& declared : declarations()) {
      auto found = find(declared, declared.env_name(), env_form::same);
      for (const auto& [name, form] : declared.envs) {
        auto other = find(declared, std::string(name), form);
        if (!found) found = std::move(other);
      }
      if (found) entries.push_back(*std::move(found));
    }
    refuse_unknown();
    return entries;
  }

 private:
  const std::string* value_of(const std::string& name) {
    known_.insert(name);
    const auto found = environment_.find(name);
    return found == environment_.end() || found->second.empty() ? nullptr : &found->second;
  }

  std::optional<env_entry> find(const declaration& what, const std::string& name, env_form form) {
    const auto* text = value_of(name);
    if (what.may_be_file())
      if (const auto* path = value_of(name + "_FILE")) {
        if (text != nullptr) add_fault(name, what, "is given, and " + name + "_FILE as well: give one of them");
        return from_file(what, name + "_FILE", *path, form);
      }
    if (text == nullptr) return std::nullopt;
    return env_entry{&what, *text, form, "environment " + name};
  }

  std::optional<env_entry> from_file(const declaration& what, const std::string& name, const std::string& path,
                                     env_form form) {
    auto text = read_small_file(path);
    if (!text) {
      add_fault(name, what, "names the file '" + path + "', which cannot be read");
      return std::nullopt;
    }
    while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
    if (what.is_list()) std::replace(text->begin(), text->end(), '\n', ',');
    return env_entry{&what, *std::move(text), form, "environment " + name};
  }

  void refuse_unknown() {
    const std::vector<std::string_view> names(known_.begin(), known_.end());
    for (const auto& [name, value] : environment_) {
      if (!name.starts_with("SPIDERGATE_") || known_.contains(name) || is_foreign(name, value)) continue;
      const auto nearest = nearest_names(name, names, 1);
      faults_.push_back(
          {"environment " + name, "",
           "there is no such setting" + (nearest.empty() ? "" : "; did you mean " + nearest.front() + "?")});
    }
  }

  void add_fault(const std::string& name, const declaration& what, std::string message) {
    faults_.push_back({"environment " + name, std::string(what.key), std::move(message)});
  }

  const std::map<std::string, std::string>& environment_;
  std::vector<fault>& faults_;
  std::set<std::string> known_;
};

}  // namespace

std::optional<std::string> read_small_file(const std::string& path) {
  constexpr std::streamoff largest = 4 << 20;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file || file.tellg() > largest) return std::nullopt;
  file.seekg(0);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return std::nullopt;
  return std::move(text).str();
}

std::vector<env_entry> read_environment(const std::map<std::string, std::string>& environment,
                                        std::vector<fault>& faults) {
  return environment_reader(environment, faults).read();
}

}  // namespace spidergate::config
