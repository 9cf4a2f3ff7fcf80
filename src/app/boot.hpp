#pragma once
#include "first_start.hpp"
#include "local_snapshot.hpp"
#include "server_plan.hpp"

#include <spidergate/cli/context.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace spidergate::app {

/// The replica's copy of the store for a boot without it; nothing for a database that is a file of ours.
[[nodiscard]] std::optional<local_snapshot> snapshot_of(const server_plan& plan, crypto::random_source& random);

/// What a start found.
struct boot {
  std::optional<first_tokens> first;  ///< it was the first start: to be printed once
  std::optional<saved_state> saved;   ///< the database is away: what to serve from until it is there
};

/// Brings the database up to date: migrations, first start, provider keys of the environment. One that stays out of
/// reach for a few seconds is made up for by the local snapshot. Throws cli::command_error when there is neither.
[[nodiscard]] boot prepare(cli::context& with, const server_plan& plan);

/// The same for a database that is there again after a boot without it, but for the first start: tokens are printed to
/// somebody who starts it. Called on a database thread; keeps what it needs. The sentence says why it is not done.
using late_preparation = std::function<boost::system::result<void, std::string>(sql::connection& on)>;
[[nodiscard]] late_preparation preparation_for_later(cli::context& with);

}  // namespace spidergate::app
