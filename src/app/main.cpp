#include "serve_command.hpp"

#include <spidergate/app/main.hpp>
#include <spidergate/cli/command_line.hpp>

#include <map>
#include <string>
#include <string_view>
#include <unistd.h>

namespace spidergate::app {

namespace {

std::map<std::string, std::string> environment_of_process() {
  std::map<std::string, std::string> variables;
  for (auto* const* entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (const auto equals = text.find('='); equals != std::string_view::npos)
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

}  // namespace

int run(std::span<char* const> arguments) {
  return cli::run(arguments, environment_of_process(), serve);
}

}  // namespace spidergate::app
