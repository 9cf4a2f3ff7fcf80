#pragma once
#include <spidergate/cli/context.hpp>

#include <functional>
#include <iosfwd>
#include <map>
#include <span>
#include <string>

namespace spidergate::cli {

/// Runs the gateway until it is told to stop; returns the exit code. Given by the app room, which this one must not
/// know.
using serve_function = std::function<int(context&)>;

/// Reads the command line (`arguments` as main got them), runs one command, returns its exit code. Whatever goes wrong
/// is one sentence on the error stream; nothing is thrown. Once per process at a time.
[[nodiscard]] int run(std::span<char* const> arguments, std::map<std::string, std::string> environment,
                      const serve_function& serve);

/// The same on streams of the caller's choice.
[[nodiscard]] int run(std::span<char* const> arguments, std::map<std::string, std::string> environment,
                      const serve_function& serve, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace spidergate::cli
