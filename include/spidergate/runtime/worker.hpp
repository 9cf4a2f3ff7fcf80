#pragma once
#include <spidergate/runtime/awaitable.hpp>
#include <spidergate/runtime/clock.hpp>
#include <spidergate/runtime/deadline_wheel.hpp>
#include <spidergate/runtime/wait_point.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace spidergate::runtime {

class event_loop;

/// One thread with its event loop and its deadlines. A request stays on the worker that accepted it; crossing threads
/// means posting. Everything reached through a worker belongs to its thread, but for post().
class worker {
 public:
  worker(std::size_t index, const clock& time);
  /// Stops, then destroys the coroutines that are still suspended.
  ~worker();
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  /// The worker whose thread this is, or null.
  [[nodiscard]] static worker* current() noexcept;
  [[nodiscard]] std::size_t index() const noexcept { return index_; }
  [[nodiscard]] deadline_wheel& deadlines() noexcept { return deadlines_; }
  [[nodiscard]] event_loop& loop() noexcept { return *loop_; }
  [[nodiscard]] const clock& time() const noexcept { return time_; }

  /// Starts the thread; it runs until stop().
  void start();
  /// Runs `job` on the worker's thread. Thread-safe.
  void post(std::function<void()> job);
  /// Starts a coroutine on this worker. An exception that leaves it is a bug: it is logged through `on_bug`, and the
  /// process goes on. Thread-safe.
  void spawn(std::function<awaitable<void>()> coroutine);
  /// Sleeps; returns early (false) when `stop` is called on the worker. Worker thread only.
  awaitable<bool> sleep_until(steady_time due);
  /// Instead of start(): lets the calling thread do what there is to do, after waiting for it for at most `patience`.
  /// Gives how much was done.
  std::size_t turn(std::chrono::milliseconds patience);
  /// Ends the thread's loop and joins. Thread-safe, idempotent; not from the worker's own thread.
  void stop();

  /// Where exceptions out of coroutines go. Set once before any worker starts.
  static void set_bug_reporter(std::function<void(std::exception_ptr)> report);

 private:
  friend class wait_point;
  using parked_list = boost::intrusive::list<wait_point, boost::intrusive::base_hook<detail::parked_hook>,
                                             boost::intrusive::constant_time_size<false>>;

  void run();
  void release_parked() noexcept;

  std::size_t index_;
  const clock& time_;
  parked_list parked_;
  bool stopping_ = false;
  std::unique_ptr<event_loop> loop_;
  deadline_wheel deadlines_;
  std::mutex thread_mutex_;
  std::thread thread_;
};

}  // namespace spidergate::runtime
