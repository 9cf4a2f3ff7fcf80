#pragma once
#include <spidergate/core/time.hpp>

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace spidergate::store::postgresql {

/// Cuts connections whose server does not answer in time: libpq waits for ever, and a frozen server neither answers nor
/// closes. Shutting the socket down wakes the thread that waits on it. Thread-safe.
class watchdog {
 public:
  /// The process's one, with a thread that lives as long as anybody holds it.
  [[nodiscard]] static std::shared_ptr<watchdog> shared();

  watchdog();
  ~watchdog();
  watchdog(const watchdog&) = delete;
  watchdog& operator=(const watchdog&) = delete;

  using ticket = std::pair<steady_time, std::uint64_t>;
  [[nodiscard]] ticket watch(int socket, steady_time deadline);
  /// From its return on the socket is left alone, so it may be closed. True when it has been cut.
  [[nodiscard]] bool release(const ticket& of);

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<ticket, int> sockets_;
  steady_time next_look_ = steady_time::max();
  std::uint64_t last_ = 0;
  bool stopping_ = false;
  std::jthread thread_;  // last: it ends before what it uses
};

}  // namespace spidergate::store::postgresql
