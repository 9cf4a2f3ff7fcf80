#pragma once
#include <span>

namespace spidergate::app {

/// The program: reads the command line, runs one command, returns its exit code (spec 5: 0 ok, 1 failed, 2 usage, 3 not
/// found, 4 not reachable).
int run(std::span<char* const> arguments);

}  // namespace spidergate::app
