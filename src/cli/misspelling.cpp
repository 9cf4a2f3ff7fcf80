#include "command_node.hpp"
#include "output.hpp"

#include <spidergate/core/nearest.hpp>

#include <algorithm>

namespace spidergate::cli {

namespace {

using option = command_node::option;

template <class Items>
const auto* named(const Items& items, std::string_view name) {
  const auto found = std::find_if(items.begin(), items.end(), [&](const auto& one) { return one.name == name; });
  return found == items.end() ? nullptr : &*found;
}

std::string did_you_mean(std::string_view wanted, const std::vector<std::string_view>& known) {
  const auto near = nearest_names(wanted, known, 1);
  return near.empty() ? std::string() : " Did you mean '" + near.front() + "'?";
}

/// The commands named so far, from the root on. Options of all of them may be given.
class path {
 public:
  explicit path(const command_node& root) : nodes_{&root} {}

  [[nodiscard]] const command_node& last() const { return *nodes_.back(); }
  void enter(const command_node& node) { nodes_.push_back(&node); }

  [[nodiscard]] std::string words() const {
    std::string text;
    for (const auto* node : nodes_) text.append(text.empty() ? "" : " ").append(node->name);
    return text;
  }

  [[nodiscard]] const option* find_option(std::string_view name) const {
    for (const auto* node : nodes_)
      if (const auto* found = named(node->options, name)) return found;
    return nullptr;
  }

  [[nodiscard]] std::string unknown_option(std::string_view name) const {
    std::vector<std::string_view> known;
    for (const auto* node : nodes_)
      for (const auto& o : node->options)
        if (!o.hidden) known.emplace_back(o.name);
    return "'" + words() + "' has no option '" + printable(name) + "'." + did_you_mean(name, known) + " See `" +
           words() + " --help`.";
  }

  [[nodiscard]] std::string unknown_command(std::string_view name) const {
    std::vector<std::string_view> known;
    for (const auto& child : last().children) known.emplace_back(child.name);
    return "There is no command '" + words() + " " + printable(name) + "'." + did_you_mean(name, known) + " See `" +
           words() + " --help`.";
  }

  [[nodiscard]] std::string unfinished() const {
    std::string names;
    for (const auto& child : last().children) names.append(names.empty() ? "" : ", ").append(child.name);
    return "'" + words() + "' needs a command: " + names + ".";
  }

 private:
  std::vector<const command_node*> nodes_;
};

bool is_option(std::string_view argument) {
  return argument.size() > 1 && argument.front() == '-';
}

}  // namespace

std::optional<std::string> misspelling(const command_node& root, std::span<const std::string> arguments) {
  path at(root);
  for (std::size_t i = 0; i < arguments.size() && arguments[i] != "--"; ++i) {
    const std::string_view argument(arguments[i]);
    if (is_option(argument)) {
      const auto name = argument.substr(0, argument.find('='));
      if (name == "-h" || name == "--help") return std::nullopt;
      const auto* known = at.find_option(name);
      if (known == nullptr) return at.unknown_option(name);
      if (known->takes_value && name == argument) ++i;
    } else if (!at.last().children.empty()) {
      const auto* child = named(at.last().children, argument);
      if (child == nullptr) return at.unknown_command(argument);
      at.enter(*child);
    }
  }
  if (!at.last().children.empty()) return at.unfinished();
  return std::nullopt;
}

}  // namespace spidergate::cli
