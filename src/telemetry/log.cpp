#include "log_line.hpp"
#include "site_gate.hpp"

#include <spidergate/runtime/clock.hpp>
#include <spidergate/telemetry/log.hpp>

#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>

namespace spidergate::telemetry::log {

namespace {

/// Lines are made by make_line(); spdlog owns the sink and its lock.
struct state {
  std::atomic<level> least{level::info};
  std::atomic<format> shape{format::human};
  site_gate gate;
  std::mutex mutex;
  std::shared_ptr<spdlog::logger> logger = logger_to_stderr();

  static std::shared_ptr<spdlog::logger> logger_to(spdlog::sink_ptr sink) {
    sink->set_pattern("%v");
    return std::make_shared<spdlog::logger>("spidergate", std::move(sink));
  }
  static std::shared_ptr<spdlog::logger> logger_to_stderr() {
    return logger_to(std::make_shared<spdlog::sinks::stderr_sink_mt>());
  }
  std::shared_ptr<spdlog::logger> current() {
    const std::lock_guard lock(mutex);
    return logger;
  }
};

/// Never destroyed: threads may log while the process ends.
state& the_log() {
  static auto* const instance = new state;
  return *instance;
}

class line_sink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit line_sink(std::function<void(std::string_view)> to) : to_(std::move(to)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    to_(std::string_view(message.payload.data(), message.payload.size()));
  }
  void flush_() override {}
  std::function<void(std::string_view)> to_;
};

void write(level at, std::string_view message, fields more, std::uint64_t left_out) {
  auto& log = the_log();
  const auto line = make_line(log.shape.load(std::memory_order_relaxed), runtime::system_clock().epoch_now(), at,
                              message, more, left_out);
  log.current()->log(spdlog::level::critical, spdlog::string_view_t(line.data(), line.size()));
}

std::uint64_t id_of(const std::source_location& site) {
  return std::hash<std::string_view>{}(site.file_name()) * 31 + site.line() * 131 + site.column();
}

void write_limited(level at, std::string_view message, fields more, const std::source_location& site) {
  if (!enabled(at)) return;
  const auto left_out = the_log().gate.pass(id_of(site), runtime::system_clock().steady_now());
  if (left_out) write(at, message, more, *left_out);
}

}  // namespace

void configure(settings how) {
  auto& log = the_log();
  auto logger =
      how.sink ? state::logger_to(std::make_shared<line_sink>(std::move(how.sink))) : state::logger_to_stderr();
  const std::lock_guard lock(log.mutex);
  log.least = how.least;
  log.shape = how.shape;
  log.logger = std::move(logger);
}

bool enabled(level at) noexcept {
  return at >= the_log().least.load(std::memory_order_relaxed);
}

void debug(std::string_view message, fields more) {
  if (enabled(level::debug)) write(level::debug, message, more, 0);
}

void info(std::string_view message, fields more) {
  if (enabled(level::info)) write(level::info, message, more, 0);
}

void warning(std::string_view message, fields more, std::source_location site) {
  write_limited(level::warning, message, more, site);
}

void error(std::string_view message, fields more, std::source_location site) {
  write_limited(level::error, message, more, site);
}

}  // namespace spidergate::telemetry::log
