#pragma once
#include <spidergate/cli/context.hpp>

namespace spidergate::cli {

exit_code show_version(context& in);
exit_code check_config(context& in);
exit_code migrate_database(context& in);
/// Wraps every stored key by the current master key; refused where no previous one is configured.
exit_code rotate_master(context& in);

}  // namespace spidergate::cli
