#pragma once
#include "boot.hpp"
#include "server_plan.hpp"

#include <memory>
#include <optional>

namespace spidergate::app {

/// The running gateway: who is built with what, and in which order it starts and stops. Used by the main thread.
class server {
 public:
  /// How the start found the database.
  struct beginning {
    std::optional<saved_state> saved;  ///< it is away: what to serve from until it is there
    late_preparation prepare_later;    ///< what to do with it then
  };

  /// Builds everything; throws std::runtime_error with a sentence for a person when it cannot start.
  server(server_plan plan, beginning from);
  ~server();

  /// Serves until SIGTERM or SIGINT, then drains (spec 3). Returns the exit code. SIGHUP reloads the configuration.
  int run();

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace spidergate::app
