#include "command_tree.hpp"

#include <spidergate/cli/command_line.hpp>

#include <exception>
#include <iostream>
#include <vector>

namespace spidergate::cli {

namespace {

/// Without the program's name. `--version` is what most programs answer to.
std::vector<std::string> words_of(std::span<char* const> arguments) {
  std::vector<std::string> words;
  for (std::size_t i = 1; i < arguments.size(); ++i) words.emplace_back(arguments[i]);
  if (words.size() == 1 && words.front() == "--version") words.front() = "version";
  return words;
}

int run_chosen(std::span<char* const> arguments, std::map<std::string, std::string> environment,
               const serve_function& serve, std::istream& in, std::ostream& out, std::ostream& err) {
  const auto words = words_of(arguments);
  command_tree tree(serve, in);
  auto chosen = tree.read(words);
  if (!chosen.act) {
    out << chosen.text;
    return static_cast<int>(exit_code::ok);
  }
  context with(std::move(chosen.common), std::move(environment), out, err);
  const auto code = chosen.act(with);
  out.flush();
  return code;
}

}  // namespace

int run(std::span<char* const> arguments, std::map<std::string, std::string> environment, const serve_function& serve,
        std::istream& in, std::ostream& out, std::ostream& err) {
  try {
    return run_chosen(arguments, std::move(environment), serve, in, out, err);
  } catch (const command_error& error) {
    err << error.message << std::endl;
    return static_cast<int>(error.code);
  } catch (const std::exception& error) {
    err << error.what() << std::endl;
    return static_cast<int>(exit_code::failed);
  }
}

int run(std::span<char* const> arguments, std::map<std::string, std::string> environment, const serve_function& serve) {
  return run(arguments, std::move(environment), serve, std::cin, std::cout, std::cerr);
}

}  // namespace spidergate::cli
