#pragma once
#include "server_plan.hpp"

#include <spidergate/cli/context.hpp>

namespace spidergate::app {

/// Translates the configuration into the terms of the rooms. Throws cli::command_error for what this version does not
/// serve.
[[nodiscard]] server_plan plan_from(cli::context& from);

}  // namespace spidergate::app
