#pragma once
#include "server_plan.hpp"

#include <memory>
#include <string>

namespace spidergate::app {

/// The running gateway: who is built with what, and in which order it starts and stops. Used by the main thread.
class server {
 public:
  /// Builds everything; throws std::runtime_error with a sentence for a person when it cannot start.
  explicit server(server_plan plan);
  ~server();

  /// Serves until SIGTERM or SIGINT, then drains (spec 3). Returns the exit code. SIGHUP reloads the configuration.
  int run();

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace spidergate::app
