#pragma once
#include <spidergate/config/settings.hpp>

#include <boost/system/result.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::config {

/// A value given on the command line.
struct flag_value {
  std::string name;  ///< "--listen", for messages
  std::string key;   ///< "server.listen"
  std::string text;
};

/// Where settings come from. Precedence: flag, environment, file, default.
struct load_input {
  std::optional<std::string> config_path;  ///< --config; else SPIDERGATE_CONFIG, else ./config/spidergate.yaml if there
  std::map<std::string, std::string> environment;
  std::vector<flag_value> flags;
  std::string usual_path = "config/spidergate.yaml";  ///< empty: no file unless one is named
};

/// What is wrong with one setting, for a human: "config/spidergate.yaml:12: server.thread: …".
struct fault {
  std::string where;    ///< "config/spidergate.yaml:12", "environment SPIDERGATE_SERVER_THREADS", "flag --threads"
  std::string key;      ///< "server.thread"; may be empty
  std::string message;  ///< never holds a secret
  [[nodiscard]] std::string text() const;
};

/// One setting as it took effect, for people to read.
struct effective_value {
  std::vector<std::string> path;  ///< {"server", "listen"}
  std::string text;               ///< secrets and passwords in URLs masked
  std::string
      origin;  ///< "default", "config/spidergate.yaml:12", "environment SPIDERGATE_SERVER_LISTEN", "flag --listen"
  bool restart_needed = false;  ///< a change takes effect with the next start only
  std::size_t digest = 0;       ///< of the unmasked value, to notice a change
};

/// A configuration that can be started with.
struct loaded {
  settings values;
  std::shared_ptr<const catalogue::catalogue> catalogue;  ///< the built-in data with values.overlay over it
  std::vector<effective_value> effective;  ///< in the order of the documentation, then providers, aliases, rules
  std::string config_path;                 ///< of the file that was read; empty when there was none
};

/// Reads and checks everything; all faults at once, at least one. Reads files (the config file, NAME_FILE secrets);
/// blocking.
[[nodiscard]] boost::system::result<loaded, std::vector<fault>> load(const load_input& input);

/// The effective configuration as YAML with each value's origin in a comment, secrets masked.
[[nodiscard]] std::string effective_yaml(const loaded& what);
/// {"server.listen":{"value":"127.0.0.1:4080","origin":"default"},…}, secrets masked.
[[nodiscard]] std::string effective_json(const loaded& what);

/// The keys that differ between two configurations and that a reload cannot change.
[[nodiscard]] std::vector<std::string> changes_needing_restart(const loaded& before, const loaded& after);

/// The text of config/spidergate.yaml: every key, commented, with its default.
[[nodiscard]] std::string commented_defaults();
/// The settings as a Markdown table: key, default, allowed, environment, meaning.
[[nodiscard]] std::string settings_table();

}  // namespace spidergate::config
