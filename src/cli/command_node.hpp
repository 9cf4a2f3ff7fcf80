#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::cli {

/// The command tree as plain data: what completion scripts and "did you mean" need of it.
struct command_node {
  struct option {
    std::string name;  ///< "--label"
    std::string description;
    bool takes_value = false;
    bool hidden = false;  ///< known only to be refused with a reason

    friend bool operator==(const option&, const option&) = default;
  };

  std::string name, description;
  std::vector<option> options;
  std::vector<command_node> children;
  std::vector<std::string> values;  ///< of the one positional argument, where they are few and known
};

/// Why these arguments (without the program's name) cannot be meant: an unknown command or option, with the nearest
/// known name, or a command that needs another one. Nothing when they may be right.
[[nodiscard]] std::optional<std::string> misspelling(const command_node& root, std::span<const std::string> arguments);

/// A completion script for "bash", "zsh" or "fish"; empty for other shells.
[[nodiscard]] std::string completion_script(const command_node& root, std::string_view shell);

}  // namespace spidergate::cli
