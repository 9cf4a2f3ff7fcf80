#pragma once
#include "command_node.hpp"

#include <spidergate/cli/command_line.hpp>

#include <functional>
#include <iosfwd>
#include <memory>
#include <span>
#include <string>

namespace spidergate::cli {

/// What was read from the command line.
struct chosen_command {
  common_options common;
  std::function<int(context&)> act;  ///< empty: only `text` is to be printed
  std::string text;                  ///< help
};

/// Every command with its options, and how each becomes a call. The one place that knows the command line's parser.
class command_tree {
 public:
  /// `serve` and `stdin_stream` outlive the tree.
  command_tree(const serve_function& serve, std::istream& stdin_stream);
  ~command_tree();

  /// `arguments` without the program's name; a command_error says what is wrong with them. Call once. What it gives
  /// refers to the tree.
  [[nodiscard]] chosen_command read(std::span<const std::string> arguments);
  [[nodiscard]] const command_node& nodes() const noexcept;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace spidergate::cli
